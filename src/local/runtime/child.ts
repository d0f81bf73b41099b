// A runtime process. It runs the plan in the given file until the launcher ends it, in a working directory of its own.
import { existsSync, readFileSync } from "node:fs"
import { convertV4MiniflareOptions, Log, LogLevel, Miniflare } from "miniflare"
import { buildLocal, builtModules, buildProject, stopEsbuild, projectOptions } from "./build.ts"
import type { LocalWorker, Plan, Project, WorkerOptions } from "./plan.ts"
import { keepOnePort } from "./sockets.ts"
import { watchSource } from "./watch.ts"

process.on("SIGTERM", () => process.exit(0))
keepOnePort()

const plan = JSON.parse(readFileSync(process.argv[2] ?? "", "utf8")) as Plan

const localWorker = async ({ name, source, options }: LocalWorker, index: number) => ({
  name,
  modules: await buildLocal(source),
  compatibilityDate: "2026-07-01",
  ...options,
  // Only the first Worker has a socket, and requests reach it directly.
  ...(index === 0 && { unsafeDirectSockets: [{ host: "127.0.0.1", port: plan.port }] })
})

const projectWorkers = async ({ name, config, out, variables, services, outbound }: Project) => {
  const [{ main, rules, worker, others }] = await Promise.all([
    projectOptions(config),
    existsSync(out) ? undefined : buildProject(config, out)
  ])
  const { bindings, serviceBindings, cronTriggers: _, ...rest } = worker
  return [
    {
      ...rest,
      name,
      modules: builtModules(out, main, rules),
      modulesRoot: out,
      bindings: { ...(bindings as object), ...variables },
      serviceBindings: { ...(serviceBindings as object), ...services },
      outboundService: outbound
    },
    ...others
  ]
}

if (plan.v8 !== undefined) process.env["MINIFLARE_WORKERD_V8_FLAGS"] = plan.v8.flags

const options = async () => {
  const [own, project] = await Promise.all([
    Promise.all(plan.workers.map(localWorker)).finally(stopEsbuild),
    plan.project === undefined ? [] : projectWorkers(plan.project)
  ])
  return convertV4MiniflareOptions({
    host: "127.0.0.1",
    port: 0,
    cf: false,
    log: new Log(LogLevel.WARN),
    ...(plan.state !== undefined && { resourcePersistencePath: plan.state }),
    ...(plan.v8 !== undefined && { inspectorPort: plan.v8.inspectorPort }),
    workers: [...own, ...project] as unknown as Array<WorkerOptions>
  })
}

// The watch starts before the first build, so that no change during the build is missed.
const changed = plan.project === undefined ? undefined : watchSource(plan.project)

const miniflare = new Miniflare(await options())
await miniflare.ready

if (plan.project !== undefined && changed !== undefined) {
  for await (const _ of changed) {
    try {
      await buildProject(plan.project.config, plan.project.out)
      await miniflare.setOptions(await options())
      console.log("The source has changed, and the Worker is built again.")
    } catch (cause) {
      console.error(String(cause))
    }
  }
}
