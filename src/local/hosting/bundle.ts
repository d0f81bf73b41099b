/** A bundle in the Worker Loader's form, and the result of its start check. */
export type { WorkerCode as Bundle, WorkerLoader, WorkerModule } from "../../sandbox/worker/loader.ts"
export type { StartResult } from "../../sandbox/worker/start.ts"
