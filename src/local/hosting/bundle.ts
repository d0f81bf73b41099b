/** A bundle in the Worker Loader's form, and the result of its start check. */
export type { Loadable as Bundle, Loader, Module } from "../../sandbox/worker/loader.ts"
export type { Verdict as StartResult } from "../../sandbox/worker/start.ts"
