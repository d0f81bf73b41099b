import type { EncodedBundle } from "../encoding.ts"

/** The name of the start check's entrypoint. */
export const CHECK_ENTRYPOINT = "MppComputeCheck"

/**
 * Adds the modules that Jack puts around a bundle with Durable Objects or assets. They have Jack's names and effects: with
 * Durable Objects only the bound classes and the default export stay exported, and each class gets all handlers. The modules
 * measure nothing here.
 */
export const withWrappers = (
  bundle: EncodedBundle,
  { classNames, hasAssets }: { readonly classNames: ReadonlyArray<string>; readonly hasAssets: boolean }
): EncodedBundle => {
  const metered = classNames.length > 0 ? wrap(bundle, "__jack_meter.mjs", (main) => meter(main, classNames)) : bundle
  return hasAssets ? wrap(metered, "__jack_verify.mjs", verify) : metered
}

/** Adds the entrypoint by which the start check asks for the default export. */
export const withCheck = (bundle: EncodedBundle): EncodedBundle => wrap(bundle, "__check.mjs", check)

const wrap = (bundle: EncodedBundle, name: string, source: (main: string) => string): EncodedBundle => ({
  ...bundle,
  mainModule: name,
  modules: { ...bundle.modules, [name]: { js: source(JSON.stringify(`./${bundle.mainModule}`)) } }
})

const meter = (main: string, classNames: ReadonlyArray<string>): string => `
import { ${classNames.map((name) => `${name} as __Orig_${name}`).join(", ")} } from ${main};
const wrapDO = (Original) => class extends Original {
  async fetch(request) { return await super.fetch(request); }
  async alarm() { return await super.alarm?.(); }
  async webSocketMessage(ws, message) { return await super.webSocketMessage?.(ws, message); }
  async webSocketClose(ws, code, reason, wasClean) { return await super.webSocketClose?.(ws, code, reason, wasClean); }
  async webSocketError(ws, error) { return await super.webSocketError?.(ws, error); }
};
${classNames.map((name) => `const ${name} = wrapDO(__Orig_${name});`).join("\n")}
export { ${classNames.join(", ")} };
export { default } from ${main};
`

const verify = (main: string): string => `
import * as __OrigWorkerModule from ${main};
const worker = "default" in __OrigWorkerModule ? __OrigWorkerModule.default : __OrigWorkerModule;
const wrapWorker = (worker) => !worker || typeof worker !== "object" ? worker : new Proxy(worker, {
  get(target, prop, receiver) {
    const value = Reflect.get(target, prop, receiver);
    if (prop !== "fetch" || typeof value !== "function") return value;
    return async (...args) => await value.call(target, ...args);
  }
});
export default wrapWorker(worker);
export * from ${main};
`

const check = (main: string): string => `
import { WorkerEntrypoint } from "cloudflare:workers";
import * as module from ${main};
export * from ${main};
export class ${CHECK_ENTRYPOINT} extends WorkerEntrypoint {
  fetch() {
    const worker = module.default;
    return Response.json(typeof worker === "function" || typeof worker?.fetch === "function");
  }
}
`
