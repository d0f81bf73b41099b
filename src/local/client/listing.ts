// `npm run listing -- https://compute.example [--name "My Compute"]`: prints the service's entry for mpp.dev's directory. It
// reads the live service and pays nothing.
import { parseArgs } from "node:util"
import { entryOf } from "./entry.ts"
import { readService } from "./service.ts"
import { messageOf, targetOf } from "./target.ts"

try {
  const { values, positionals } = parseArgs({ allowPositionals: true, options: { name: { type: "string" } } })
  const service = await readService(targetOf(positionals[0]))
  const entry = entryOf({ ...service, name: values.name ?? service.realm })
  console.log(JSON.stringify(entry, null, 2))
  if (entry.status !== "active")
    console.error(
      `The service is paid on chain ${service.chainId}, no mainnet: the directory takes live services only.`
    )
} catch (cause) {
  console.error(messageOf(cause))
  process.exitCode = 1
}
