// Declares the one class of hosted code's runtime that this folder uses. The full Workers types would declare globals that
// collide with the DOM's, which the rest of this folder is checked with.
declare module "cloudflare:workers" {
  export abstract class WorkerEntrypoint<Env, Props = unknown, Exports = unknown> {
    protected readonly env: Env
    protected readonly ctx: { readonly props: Props; readonly exports: Exports }
  }
}
