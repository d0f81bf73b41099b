// The little that hosted code's runtime offers and the types of Node do not know. The Workers types proper declare
// globals that collide with the DOM's, under which the rest of this folder is checked.
declare module "cloudflare:workers" {
  export abstract class WorkerEntrypoint<Env, Props = unknown, Exports = unknown> {
    protected readonly env: Env
    protected readonly ctx: { readonly props: Props; readonly exports: Exports }
  }
}
