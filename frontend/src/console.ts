import { watchPolledPieces } from "./polled";

watchPolledPieces(document);
