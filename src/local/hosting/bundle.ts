/** The Worker Loader can run these, and the start check says whether they start. */
export type { Loadable as Bundle, Loader, Module } from "../../sandbox/worker/loader.ts"
export type { Verdict } from "../../sandbox/worker/start.ts"
