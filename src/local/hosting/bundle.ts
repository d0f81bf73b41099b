/** What can be run, and whether it starts, as the Worker Loader and the start check have it. */
export type { Loadable as Bundle, Loader, Module } from "../../execute/loader.ts"
export type { Verdict } from "../../execute/start.ts"
