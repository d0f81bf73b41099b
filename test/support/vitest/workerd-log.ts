import type { Reporter, TestModule, Vitest, VitestPluginContext } from "vitest/node"

/**
 * The stack frame of @cloudflare/vitest-plugin that prints a line of workerd's. Its Miniflare options cannot be set from
 * outside.
 */
const PRINTER = /^ +at handleStructuredLogs .*@cloudflare\/vitest-plugin/

/**
 * Keeps what workerd prints off the screen, and prints it after a test file that fails. `@cloudflare/vitest-plugin` writes each
 * line of workerd's to stdout or stderr of Vitest's own process, where `silent` does not apply.
 */
export const workerdLog = () => ({
  name: "workerd-log",
  configureVitest: ({ project, vitest }: VitestPluginContext): void => {
    // Vitest makes its reporters from this list after the hook. The reporters of the command line are on it too.
    const reporters = vitest.config.reporters as unknown as Array<Reporter>
    reporters.push(new WorkerdLog(vitest, project.name))
  }
})

class WorkerdLog implements Reporter {
  readonly #vitest: Vitest
  readonly #project: string
  readonly #lines: Array<string> = []
  /** For each file, how many lines there were when it began. */
  readonly #starts = new Map<string, number>()

  constructor(vitest: Vitest, project: string) {
    this.#vitest = vitest
    this.#project = project
    for (const stream of [process.stdout, process.stderr]) {
      const write = stream.write.bind(stream) as (...args: ReadonlyArray<unknown>) => boolean
      stream.write = (...args: ReadonlyArray<unknown>) => {
        // The first frame is this function, the second one its caller.
        if (!PRINTER.test(new Error().stack?.split("\n")[2] ?? "")) return write(...args)
        this.#lines.push(String(args[0]))
        return true
      }
    }
  }

  onTestModuleQueued({ id }: TestModule): void {
    this.#starts.set(id, this.#lines.length)
  }

  onTestModuleEnd(module: TestModule): void {
    if (module.project.name !== this.#project || module.state() !== "failed") return
    this.#show(`while ${module.relativeModuleId} ran`, this.#starts.get(module.id))
  }

  onTestRunEnd(_: ReadonlyArray<TestModule>, errors: ReadonlyArray<unknown>): void {
    // If workerd does not start, no file fails, and only Vitest has the error.
    if (errors.length > 0) this.#show("during the whole run")
  }

  #show(when: string, start = 0): void {
    const lines = this.#lines.slice(start)
    if (lines.length > 0) this.#vitest.logger.error(`workerd printed ${when}:\n${lines.join("")}`)
  }
}
