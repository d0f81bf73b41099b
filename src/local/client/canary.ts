// `MPPX_PRIVATE_KEY=0x… npm run canary -- https://compute.example`: buys one deploy, checks its URL, deletes it, and prints the
// evidence as JSON. It costs the price of a deploy. `MPPX_RPC_URL` names another JSON-RPC than the chain's public one.
import { resolveLocalhost } from "../system/localhost.ts"
import { buyDeploy } from "./buy-deploy.ts"
import { messageOf, targetOf } from "./target.ts"

resolveLocalhost()
try {
  const { MPPX_PRIVATE_KEY: key, MPPX_RPC_URL: rpc } = process.env
  const evidence = await buyDeploy(targetOf(process.argv[2]), { key, rpc }, (line) => console.error(line))
  console.log(JSON.stringify(evidence, null, 2))
} catch (cause) {
  console.error(messageOf(cause))
  process.exitCode = 1
}
