import { WorkerEntrypoint } from "cloudflare:workers"
import type { RunnerBinding } from "../../sandbox/remote/binding.ts"
import { encodeBundle } from "./encoding.ts"

/**
 * Passes calls of the gateway to the hosting process. The gateway calls it within its own process, by its service binding
 * `RUNNER`.
 */
export class Runner
  extends WorkerEntrypoint<{
    /** The URL of the hosting process, with its secret. */
    readonly HOSTING: string
  }>
  implements RunnerBinding
{
  async ping(): Promise<void> {
    await this.#ask("ping")
  }

  async check(...[code, purpose]: Parameters<RunnerBinding["check"]>): ReturnType<RunnerBinding["check"]> {
    return (await this.#ask("runner/check", { code: encodeBundle(code), purpose })).json() as never
  }

  async run(...[code, input]: Parameters<RunnerBinding["run"]>): ReturnType<RunnerBinding["run"]> {
    return (await this.#ask("runner/run", { code: encodeBundle(code), input })).json() as never
  }

  async #ask(path: string, body?: object): Promise<Response> {
    const response = await fetch(
      `${this.env.HOSTING}/${path}`,
      body === undefined ? {} : { method: "POST", body: JSON.stringify(body) }
    )
    if (!response.ok) throw new Error(`the runner answers ${response.status}: ${await response.text()}`)
    return response
  }
}

export default {}
