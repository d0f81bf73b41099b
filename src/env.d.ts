/**
 * The bindings that `wrangler.jsonc` names, beside the settings of `config.ts`. A platform may take any of them away from a
 * Worker that runs: `layers.ts` says without which nothing is for sale.
 */
interface Bindings {
  readonly EXPIRY: KVNamespace
  readonly ORDERS: DurableObjectNamespace<import("./orders/OrderObject.ts").OrderObject>
  readonly CLAIMS: DurableObjectNamespace<import("./schedule/ReplayGuardObject.ts").ReplayGuardObject>
  readonly PAYERS: DurableObjectNamespace<import("./payers/PayerObject.ts").PayerObject>
  /** Counts credentials by client: `ratelimits` in wrangler.jsonc, on an account that has them (Jack does not). */
  readonly VERIFICATIONS?: RateLimit
  /** A Worker that loads code in another process: there on the local stack. */
  readonly RUNNER?: import("./sandbox/remote/binding.ts").RunnerBinding
  /** The Worker Loader: `worker_loaders` in wrangler.jsonc, on an account that has it. */
  readonly LOADER?: import("./sandbox/worker/loader.ts").WorkerLoader &
    import("./bundler/isolate/loader.ts").IsolateLoader
}

declare namespace Cloudflare {
  interface GlobalProps {
    mainModule: typeof import("./worker.ts")
  }
  interface Env extends Bindings {}
}
