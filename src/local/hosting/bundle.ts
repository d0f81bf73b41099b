/** The Worker Loader can run these, and the start check says whether they start. */
export type { Loadable as Bundle, Loader, Module } from "../../execute/loader.ts"
export type { Verdict } from "../../execute/start.ts"
