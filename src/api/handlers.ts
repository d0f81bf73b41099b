import * as Effect from "effect/Effect"
import * as HttpApiBuilder from "effect/http-api/HttpApiBuilder"
import { Settings } from "../config.ts"
import { ControlPlaneClient } from "../control-plane/ControlPlaneClient.ts"
import { givenBy } from "../orders/build/host-needs.ts"
import { HostHealth } from "../orders/delivery/HostHealth.ts"
import { Orders } from "../orders/Orders.ts"
import { NotFound } from "../domain/Errors.ts"
import { timestamp } from "../domain/Order.ts"
import { UntakenTokens } from "../payment/UntakenTokens.ts"
import { CodeRunner } from "../sandbox/CodeRunner.ts"
import { answerProblem } from "./answer-problem.ts"
import { Api } from "./Api.ts"
import { makeDelete } from "./endpoints/delete.ts"
import { makeDeploy } from "./endpoints/deploy.ts"
import { makeExecute } from "./endpoints/execute.ts"
import { makeFiles } from "./endpoints/files.ts"
import { makeList } from "./endpoints/list.ts"
import { makeLogs } from "./endpoints/logs.ts"
import { makeReport } from "./reports/report.ts"
import { makeRenew } from "./endpoints/renew.ts"
import { makeAbout } from "./discovery/routes.ts"
import { setHeaders } from "./request/headers.ts"
import { notConfigured } from "./request/not-configured.ts"
import { makeUpdate } from "./endpoints/update.ts"

/** The handlers of the API definition. */
export const Handlers = HttpApiBuilder.group(
  Api,
  "gateway",
  Effect.fnUntraced(function* (handlers) {
    const settings = yield* Settings
    const orders = yield* Orders
    const runner = yield* CodeRunner
    const deploy = yield* makeDeploy
    const execute = yield* makeExecute
    const update = yield* makeUpdate
    const remove = yield* makeDelete
    const files = yield* makeFiles
    const list = yield* makeList
    const logs = yield* makeLogs
    const renew = yield* makeRenew
    const report = yield* makeReport
    const about = yield* makeAbout

    const deployment = Effect.fn("Gateway.deployment")(function* (id: string) {
      yield* setHeaders({ "cache-control": "no-store" })
      if (settings.missing.includes("ORDERS")) return yield* notConfigured(["ORDERS"])
      const status = yield* orders.status(id)
      if (status === undefined) return yield* new NotFound({ detail: "No such deployment. Check the deployment_id." })
      return status
    })

    const host = yield* HostHealth
    const untaken = yield* UntakenTokens
    const { capabilities } = yield* ControlPlaneClient
    const health = Effect.sync(() => {
      const { learned } = host
      const configured = settings.complete !== undefined
      return {
        status: configured ? ("ok" as const) : ("not_configured" as const),
        configured,
        missing: settings.missing,
        start_check: runner.available,
        resources: givenBy(capabilities, settings.RESOURCES ?? []),
        ...(settings.ASSET_LIMIT !== undefined && { asset_limit_bytes: settings.ASSET_LIMIT }),
        ...(untaken.size > 0 && { untaken_currencies: [...untaken] }),
        ...(learned !== undefined &&
          learned.status !== "ready" && {
            host: { status: learned.status, detail: learned.detail, asked_at: timestamp(learned.at) }
          })
      }
    })

    return handlers
      .handleRaw("deploy", ({ request }) => Effect.catch(deploy.handle(request), answerProblem))
      .handleRaw("execute", ({ request }) => Effect.catch(execute.handle(request), answerProblem))
      .handleRaw("list", ({ request }) => Effect.catch(list(request), answerProblem))
      .handle("deployment", ({ params }) => deployment(params.deployment_id))
      .handleRaw("update", ({ params, request }) => Effect.catch(update(params.deployment_id, request), answerProblem))
      .handleRaw("delete", ({ params, request }) => Effect.catch(remove(params.deployment_id, request), answerProblem))
      .handleRaw("files", ({ params, request }) => Effect.catch(files(params.deployment_id, request), answerProblem))
      .handleRaw("logs", ({ params, request }) => Effect.catch(logs(params.deployment_id, request), answerProblem))
      .handleRaw("renew", ({ params, request }) => Effect.catch(renew(params.deployment_id, request), answerProblem))
      .handleRaw("report", ({ request }) => Effect.catch(report(request), answerProblem))
      .handle("health", () => health)
      .handleRaw("about", ({ request }) => about(request))
  })
)
