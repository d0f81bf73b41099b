import { intercept } from "../intercept.ts"
import { each, expect, type Fault, gate, type Harness, type Run, strike } from "../fault.ts"
import { reply, type Rule } from "../proxy.ts"

/** Signs a credential for the run's body, without sending it. */
const credentialFor = async (run: Run, headers: Record<string, string>): Promise<string> =>
  run.agent.sign(await run.agent.post(run.body, headers))

/** Loses the gateway's answer to the first paid call of the run that `which` picks. */
const loseAnswer = (harness: Harness, run: Run, status: number) => {
  const rule: Rule = (exchange, forward) => {
    if (run.injected || exchange.headers.authorization === undefined || !exchange.body.includes(run.slug))
      return undefined
    return forward().then((answer) => {
      if (answer.status !== status) return answer
      run.injected = true
      harness.front.rules.delete(rule)
      return "cut"
    })
  }
  harness.front.rules.add(rule)
}

const distinct = (run: Run) => new Set(run.agent.answers.flatMap(({ status, text }) => (status === 200 ? [text] : [])))

/** Faults that make a client send the same call twice. */
export const repeatFaults: ReadonlyArray<Fault> = [
  {
    name: "50 requests at once with one credential",
    runs: 10,
    attack: each(async (_harness, run) => {
      const authorization = await credentialFor(run, { "idempotency-key": run.key })
      const send = () => run.agent.post(run.body, { authorization, "idempotency-key": run.key })
      const responses = await Promise.all(Array.from({ length: 50 }, send))
      run.injected = responses.length === 50
      const statuses = new Set(responses.map(({ status }) => status))
      if (!statuses.has(200)) await run.agent.callUntilDone(run.body, run.key)
      expect(run, distinct(run).size === 1, `answers differ: ${[...distinct(run)].join(" ")}`)
    }, 2)
  },
  {
    name: "one credential under 10 keys",
    runs: 10,
    attack: each(async (_harness, run) => {
      const authorization = await credentialFor(run, { "idempotency-key": run.key })
      const keys = [run.key, ...Array.from({ length: 9 }, () => crypto.randomUUID())]
      const responses = await Promise.all(
        keys.map((key) => run.agent.post(run.body, { authorization, "idempotency-key": key }))
      )
      run.injected = responses.length === 10
      // The gateway refuses a foreign key before it uses the credential, joins it while the order is in progress, and reports a
      // conflict afterwards.
      expect(
        run,
        responses.every(({ status }) => status === 200 || status === 402 || status === 409),
        "a foreign key met something else"
      )
      if (responses[0]?.status !== 200) await run.agent.callUntilDone(run.body, run.key)
      const late = await Promise.all(
        keys.map((key) => run.agent.post(run.body, { authorization, "idempotency-key": key }))
      )
      expect(run, late[0]?.status === 200, "a credential that has paid was refused under its own key")
      expect(
        run,
        late.slice(1).every(({ status, headers }) => status === 409 && !headers.has("www-authenticate")),
        "a credential that has paid read its answer under another key, or was asked for money"
      )
      expect(run, distinct(run).size === 1, `answers differ: ${[...distinct(run)].join(" ")}`)
    }, 2)
  },
  {
    name: "response lost, the call repeated with its key",
    runs: 10,
    attack: each(async (harness, run) => {
      loseAnswer(harness, run, 200)
      await run.agent.callUntilDone(run.body, run.key, harness.front.url)
      const first = run.agent.answers.at(-1)
      await run.agent.callUntilDone(run.body, run.key, harness.front.url)
      expect(run, first?.text === run.agent.answers.at(-1)?.text, "the stored answer differs")
    }, 3)
  },
  {
    name: "response lost while undelivered, the call repeated without a key",
    runs: 10,
    attack: each(async (harness, run) => {
      loseAnswer(harness, run, 502)
      const release = intercept(
        harness,
        "create",
        [run],
        async () => reply(503, { error: "down", message: "not now" }),
        {
          every: true
        }
      )
      await strike(run, () => run.agent.call(run.body, undefined, harness.front.url))
      const again = await run.agent.call(run.body, undefined, harness.front.url)
      const said = run.agent.answers.at(-1)
      expect(run, again.status === 502 && said?.charged === true, `the second call was answered ${said?.text}`)
      release()
      const { retry } = JSON.parse(said?.text ?? "{}") as { retry?: { idempotency_key?: string } }
      expect(run, typeof retry?.idempotency_key === "string", "no key to repeat with")
      await run.agent.callUntilDone(run.body, retry?.idempotency_key ?? run.key)
    }, 5)
  },
  {
    name: "a used challenge replayed, and its fresh challenge paid",
    runs: 10,
    attack: each(async (_harness, run) => {
      let paid: Response | undefined
      for (let tries = 0; paid?.status !== 200 && tries < 60; tries++) paid = await run.agent.call(run.body)
      const first = run.agent.answers.at(-1)
      const authorization = run.agent.credentials.at(-1) ?? ""
      const replayed = await run.agent.post(run.body, { authorization })
      run.injected = replayed.status === 402
      const second = await run.agent.post(run.body, { authorization: await run.agent.sign(replayed) })
      expect(run, second.status === 200, `the fresh challenge was answered ${second.status}`)
      expect(run, first?.text === run.agent.answers.at(-1)?.text, "the stored answer differs")
    }, 3)
  },
  {
    name: "two calls at once without a key",
    runs: 10,
    attack: each(async (harness, run) => {
      const both = gate()
      const held: Rule = (exchange, forward) =>
        exchange.headers.authorization !== undefined && exchange.body.includes(run.slug)
          ? both.opened.then(forward)
          : undefined
      harness.front.rules.add(held)
      const calls = [
        run.agent.call(run.body, undefined, harness.front.url),
        run.agent.call(run.body, undefined, harness.front.url)
      ]
      while (run.agent.credentials.length < 2) await new Promise((resolve) => setTimeout(resolve, 20))
      run.injected = true
      both.open()
      await Promise.allSettled(calls)
      harness.front.rules.delete(held)
      if (!run.agent.answers.some(({ status }) => status === 200)) await run.agent.callUntilDone(run.body, run.key)
      expect(run, distinct(run).size === 1, `answers differ: ${[...distinct(run)].join(" ")}`)
    }, 3)
  }
]
