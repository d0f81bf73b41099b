import { execFile } from "node:child_process"
import { mkdtempSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { promisify } from "node:util"
import { Client } from "@modelcontextprotocol/sdk/client/index.js"
import { StreamableHTTPClientTransport } from "@modelcontextprotocol/sdk/client/streamableHttp.js"
import { tempo } from "mppx/client"
import { McpClient } from "mppx/mcp/client"
import { createClient, defineChain, type Hex, http } from "viem"
import { privateKeyToAccount } from "viem/accounts"
import { tempoLocalnet } from "viem/tempo/chains"
import type { Stack } from "../../../src/local/stack.ts"
import { run } from "../support.ts"

/** The result of a tool, as tests read it. */
export interface ToolResult {
  readonly content: ReadonlyArray<{ readonly text: string }>
  readonly structuredContent?: Readonly<Record<string, unknown>>
  readonly isError?: boolean
  readonly receipt?: { readonly reference: string; readonly challengeId: string }
}

/**
 * Connects the official client of MCP to the gateway, with mppx's wrapper, which pays.
 *
 * @param onPaid is called as soon as a message with a credential is under way
 */
export const connect = async ({ info }: Pick<Stack, "info">, onPaid = () => {}) => {
  const client = new Client({ name: "test", version: "1.0.0" })
  const send = (url: string | URL, init?: RequestInit) => {
    const answer = fetch(url, init)
    if (String(init?.body).includes("org.paymentauth/credential")) onPaid()
    return answer
  }
  await client.connect(new StreamableHTTPClientTransport(new URL(`${info.gateway}/mcp`), { fetch: send }) as never)
  const account = privateKeyToAccount(info.payerPrivateKey as Hex)
  const chain = defineChain({ ...tempoLocalnet, id: info.chainId, rpcUrls: { default: { http: [info.rpc] } } })
  const getClient = () => createClient({ account, chain, transport: http(info.rpc) })
  const paying = McpClient.wrap(client, { methods: [tempo.charge({ account, getClient })] })
  /** Calls a tool, and pays what it asks for. */
  const call = async (name: string, args: object, meta?: Record<string, unknown>) =>
    (await paying.callTool({
      name,
      arguments: args as Record<string, unknown>,
      ...(meta && { _meta: meta })
    })) as ToolResult
  return { client, call }
}

/** Sends a message to the endpoint as it is. */
export const post = async ({ info }: Pick<Stack, "info">, body: BodyInit, headers: Record<string, string> = {}) => {
  const response = await fetch(`${info.gateway}/mcp`, {
    method: "POST",
    body,
    headers: { "content-type": "application/json", accept: "application/json, text/event-stream", ...headers }
  })
  const text = await response.text()
  return { status: response.status, text, json: (text === "" ? {} : JSON.parse(text)) as Answer }
}

/** An answer of JSON-RPC. */
export interface Answer {
  readonly id?: unknown
  readonly result?: ToolResult
  readonly error?: {
    readonly code: number
    readonly message: string
    readonly data?: {
      readonly challenges?: ReadonlyArray<{ readonly id: string; readonly request: { readonly amount: string } }>
    }
  }
}

/** Too large to be installed for every test: 60 MB for two calls. */
const INSPECTOR = "@modelcontextprotocol/inspector@2.12.0"

/** Installs the inspector of MCP into a folder of its own. Its command line is what people try a server with. */
export const installInspector = async () => {
  const folder = mkdtempSync(join(tmpdir(), "mpp-compute-inspector-"))
  const flags = ["--no-save", "--no-audit", "--no-fund", "--omit=optional", "--ignore-scripts"]
  await promisify(execFile)("npm", ["install", "--prefix", folder, ...flags, INSPECTOR])
  const program = join(folder, "node_modules/@modelcontextprotocol/inspector/clients/launcher/build/index.js")
  return {
    /** Calls a method of a server. The answer is what the inspector prints. */
    inspect: ({ info }: Pick<Stack, "info">, ...method: ReadonlyArray<string>) =>
      run(process.execPath, [program, "--cli", `${info.gateway}/mcp`, "--transport", "http", "--method", ...method]),
    remove: () => rmSync(folder, { recursive: true, force: true })
  }
}
