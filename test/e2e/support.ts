import { spawn } from "node:child_process"
import { mkdtempSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join, resolve as resolvePath } from "node:path"
import { Mppx, tempo } from "mppx/client"
import { type Address, createClient, defineChain, type Hex, http } from "viem"
import { privateKeyToAccount } from "viem/accounts"
import { tempoLocalnet } from "viem/chains"
import { Actions } from "viem/tempo"
import { resolveLocalhost } from "../../src/local/system/localhost.ts"
import { type Stack, type StackOptions, startStack } from "../../src/local/stack.ts"
import { runningStacks } from "./running-stacks.ts"

/** The HMAC key of the gateways under test. Tests know it, so that they can forge what only the gateway could issue. */
export const secretKey = "the secret of the gateways under test, 32 and more"

/** Starts a stack on free ports, with five blocks a second. `environment` is set as its user would set it. */
export const startTestStack = async (
  environment: Record<string, string> = {},
  options: Pick<StackOptions, "startCheck" | "cronSecret" | "reroute" | "configPath" | "v8"> = {}
): Promise<TestStack> => {
  resolveLocalhost()
  const dir = mkdtempSync(join(tmpdir(), "mpp-compute-"))
  return startIn(dir, {
    dir: join(dir, "local"),
    gatewayPort: 0,
    sitesPort: 0,
    chainPort: 0,
    blockTime: 0.2,
    // The tests of a stack share one payer.
    environment: { MPP_SECRET_KEY: secretKey, MAX_LIVE_PER_PAYER: "100000", ...environment },
    ...options
  })
}

/** A stack of the tests. `stop` also deletes its directory. */
export interface TestStack extends Stack {
  /** Stops the stack, and starts it again on its directory and its ports. */
  readonly restart: () => Promise<TestStack>
}

const startIn = async (dir: string, options: StackOptions): Promise<TestStack> => {
  const stack = await startStack(options)
  runningStacks.add(stack.dir)
  const end = async () => {
    runningStacks.delete(stack.dir)
    await stack.stop()
  }
  return {
    ...stack,
    stop: async () => {
      await end()
      rmSync(dir, { recursive: true, force: true })
    },
    restart: async () => {
      await end()
      return startIn(dir, { ...options, keep: true })
    }
  }
}

/** Returns the body of an example request, as its file has it. */
export const fixture = (name: string): string =>
  readFileSync(new URL(`../fixtures/requests/${name}.json`, import.meta.url), "utf8")

/** Makes an example that was never deployed, because the same one twice would be the same order. */
export const fresh = (name: string): string => {
  const body = JSON.parse(fixture(name)) as { files: Record<string, string> }
  return JSON.stringify({ ...body, files: { ...body.files, "fresh.txt": crypto.randomUUID() } })
}

/** A wallet on the stack's chain, with the stock client. By default the account that `stack.json` names. */
export const walletOn = ({ info }: Pick<Stack, "info">, privateKey: string = info.payerPrivateKey) => {
  const account = privateKeyToAccount(privateKey as Hex)
  const chain = defineChain({ ...tempoLocalnet, id: info.chainId, rpcUrls: { default: { http: [info.rpc] } } })
  const client = createClient({ account, chain, transport: http(info.rpc) })
  const mppx = Mppx.create({ polyfill: false, methods: [tempo.charge({ account, getClient: () => client })] })
  const token = info.currency as Address
  return {
    account,
    /** `fetch` that pays. */
    fetch: mppx.fetch,
    /** Signs the answer to a 402 without sending it. */
    credential: (response: Response) => mppx.createCredential(response),
    balance: async (address: string = account.address): Promise<bigint> =>
      (await Actions.token.getBalance(client, { account: address as Address, token })).amount,
    transfer: (to: string, amount: bigint) =>
      Actions.token.transferSync(client, { to: to as Address, amount, token, feeToken: token })
  }
}

/** Posts to the gateway's `/deploy`. */
export const postTo =
  ({ info }: Pick<Stack, "info">) =>
  (body: BodyInit | null, headers: Record<string, string> = {}): Promise<Response> =>
    fetch(`${info.gateway}/deploy`, {
      method: "POST",
      body,
      headers: { "content-type": "application/json", ...headers }
    })

/** Runs a program of `node_modules/.bin` to its end, in `cwd` or here. */
export const run = (
  program: string,
  args: ReadonlyArray<string>,
  env: Record<string, string> = {},
  cwd: string = process.cwd()
): Promise<{ readonly code: number | null; readonly stdout: string; readonly stderr: string }> =>
  new Promise((resolve, reject) => {
    const child = spawn(resolvePath("node_modules", ".bin", program), args, { cwd, env: { ...process.env, ...env } })
    let stdout = ""
    let stderr = ""
    child.stdout.on("data", (chunk) => (stdout += chunk))
    child.stderr.on("data", (chunk) => (stderr += chunk))
    child.on("error", reject)
    child.on("close", (code) => resolve({ code, stdout, stderr }))
  })
