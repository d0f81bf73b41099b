// Deploys a hundred overlapping sites, and checks that they expire: `node test/e2e/expiry/hundred.ts [how many]`. It takes some
// minutes, so it is not part of the suite. It exits with 1 if anything is left behind, or was late by more than 30 s.
import { controlPlaneClient } from "../local/support.ts"
import { startTestStack, walletOn } from "../support.ts"

const many = Number(process.argv[2] ?? 100)
const concurrency = 3

interface Deployment {
  readonly url: string
  readonly deployment_id: string
  readonly expires_at: string
}

// The stack waits for processes without keeping this one alive.
const alive = setInterval(() => {}, 60_000)
const stack = await startTestStack({ TTL_HOURS: "0.025" })
try {
  const wallet = walletOn(stack)
  const controlPlane = controlPlaneClient(stack.info.controlPlane, stack.info.controlPlaneToken)
  const gone = new Map<string, number>()
  const deployments: Array<Deployment> = []
  let most = 0
  let refused = 0

  const deploy = async (n: number): Promise<void> => {
    const files = { "index.ts": `export default { fetch: () => new Response("${n}") }` }
    const body = JSON.stringify({ files, name: `number-${n}` })
    const headers = { "content-type": "application/json", "idempotency-key": `number ${n} of this run` }
    const response = await wallet.fetch(`${stack.info.gateway}/deploy`, { method: "POST", body, headers })
    if (response.status === 200) return void deployments.push((await response.json()) as Deployment)
    refused++
    if (refused > many) throw new Error(await response.text())
    return deploy(n)
  }

  const since = Date.now()
  const countProjects = async (): Promise<number> => {
    const names = (await controlPlane("GET", "projects")).json.projects.map(({ name }) => name)
    most = Math.max(most, names.length)
    for (const { deployment_id: id } of deployments) {
      if (!gone.has(id) && !names.includes(`mpp-compute ${id}`)) gone.set(id, Date.now())
    }
    return names.length
  }
  const polling = setInterval(() => void countProjects().catch(() => {}), 500)

  const queue = Array.from({ length: many }, (_, n) => n)
  const work = async (): Promise<void> => {
    for (let n = queue.shift(); n !== undefined; n = queue.shift()) await deploy(n)
  }
  await Promise.all(Array.from({ length: concurrency }, work))
  console.log(`${deployments.length} live after ${Math.round((Date.now() - since) / 1000)} s, ${refused} tries refused`)

  const last = Math.max(...deployments.map(({ expires_at }) => Date.parse(expires_at)))
  while (Date.now() < last + 30_000 && gone.size < many) await new Promise((resolve) => setTimeout(resolve, 500))
  clearInterval(polling)
  const left = await countProjects()
  const statuses = await Promise.all(
    deployments.map(async ({ deployment_id }) => {
      const response = await fetch(`${stack.info.gateway}/deployments/${deployment_id}`)
      return ((await response.json()) as { status: string }).status
    })
  )
  const sites = await Promise.all(deployments.map(async ({ url }) => (await fetch(url)).status))
  const lags = deployments
    .map(({ deployment_id, expires_at }) => (gone.get(deployment_id) ?? Infinity) - Date.parse(expires_at))
    .toSorted((a, b) => a - b)
  const expired = statuses.filter((status) => status === "expired").length
  const answering = sites.filter((status) => status !== 404).length
  console.log(
    `at most ${most} at once; ${left} projects left, ${answering} sites answer, ${expired} statuses say expired`
  )
  console.log(`gone after their time: median ${lags[Math.floor(many / 2)]} ms, worst ${lags.at(-1)} ms`)
  if (left > 0 || answering > 0 || expired < many || !(lags.at(-1)! <= 30_000)) process.exitCode = 1
} finally {
  await stack.stop()
  clearInterval(alive)
}
process.exit()
