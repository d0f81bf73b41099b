import { setTimeout as sleep } from "node:timers/promises"
import type { Run } from "../../fault.ts"

/** The operator's password. */
export const TOKEN = "the operator's token of thirty-two characters"

const authorization = `Basic ${Buffer.from(`operator:${TOKEN}`).toString("base64")}`

/** A payment that the operator's list has. */
interface Owed {
  readonly deployment_id: string | null
  readonly reference: string
  readonly state: string
}

/** Asks once, and reads the answer; status 0 if the gateway dies before its end. */
const ask = async (url: string, init?: RequestInit): Promise<{ readonly status: number; readonly text: string }> => {
  try {
    const answer = await fetch(url, init)
    return { status: answer.status, text: await answer.text() }
  } catch {
    return { status: 0, text: "" }
  }
}

/**
 * Takes a deployment down, and repeats that until the gateway answers, because it may be dead.
 *
 * @throws Error if it refuses, or does not answer for a minute.
 */
export const takeDown = async (gateway: string, id: string | undefined): Promise<void> => {
  const init = {
    method: "POST",
    headers: { authorization, "content-type": "application/json" },
    body: JSON.stringify({ reason: "It phishes." })
  }
  for (const end = Date.now() + 60_000; Date.now() < end; await sleep(100)) {
    const { status, text } = await ask(`${gateway}/operator/deployments/${id}/takedown`, init)
    if (status === 200) return
    if (status > 0 && status < 500) throw new Error(`a takedown was answered with ${status} ${text}`)
  }
  throw new Error("a takedown was not answered for a minute")
}

/**
 * Waits until the status of a deployment tells of its takedown.
 *
 * @throws Error if it does not within a minute.
 */
export const isTakenDown = async (gateway: string, id: string | undefined): Promise<void> => {
  for (const end = Date.now() + 60_000; Date.now() < end; await sleep(50)) {
    const answer = await ask(`${gateway}/deployments/${id}`)
    if (answer.status !== 200) continue
    const { taken_down: reason } = JSON.parse(answer.text) as { readonly taken_down: string | null }
    if (reason !== null) return
  }
  throw new Error("a takedown was not recorded within a minute")
}

/** Lists what is owed, all pages of it. */
export const listOwed = async (gateway: string): Promise<ReadonlyArray<Owed>> => {
  const rows: Array<Owed> = []
  let cursor: string | null = ""
  do {
    const answer = await fetch(`${gateway}/operator/owed${cursor === "" ? "" : `?cursor=${cursor}`}`, {
      headers: { authorization }
    })
    const page = (await answer.json()) as { readonly rows: ReadonlyArray<Owed>; readonly cursor: string | null }
    rows.push(...page.rows)
    cursor = page.cursor
  } while (cursor !== null)
  return rows
}

/** Calls the gateway about a deployment, as the stock client does. */
export const call = (
  run: Run,
  gateway: string,
  id: string | undefined,
  path: string,
  { method = "POST", key, body }: { readonly method?: string; readonly key?: string; readonly body?: string }
): Promise<Response> =>
  run.agent.pay(`${gateway}/deployments/${id}${path === "" ? "" : `/${path}`}`, {
    method,
    headers: {
      ...(key !== undefined && { "idempotency-key": key }),
      ...(body !== undefined && { "content-type": "application/json" })
    },
    ...(body !== undefined && { body })
  })
