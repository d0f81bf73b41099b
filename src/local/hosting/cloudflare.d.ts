// The little that hosted code's runtime offers and the types of Node do not know. The Workers types proper declare
// globals that collide with the DOM's, under which the rest of this folder is checked.
declare module "cloudflare:workers" {
  export abstract class WorkerEntrypoint<Env> {
    protected readonly env: Env
  }
}
