/** What browsers run of it, where Node is given the build for servers. */
declare module "pusher-js/dist/web/pusher.js" {
  export { default } from "pusher-js";
}
