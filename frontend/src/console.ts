import "./styles/console.css";

import { watchPolledPieces } from "./polled";

watchPolledPieces(document);
