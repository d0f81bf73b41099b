// Preloaded into the protocol's validator, which pays on the public testnet and nowhere else: its JSON-RPC is this
// machine's chain instead, which goes by the testnet's id. Nothing leaves the machine.
const real = globalThis.fetch
const publicRpc = "https://rpc.moderato.tempo.xyz"

globalThis.fetch = async (input, init) => {
  const url = input instanceof Request ? input.url : String(input)
  if (!url.startsWith(publicRpc)) return real(input, init)
  const body = init?.body ?? (await input.text())
  return real(process.env.LOCAL_RPC, { method: "POST", headers: { "content-type": "application/json" }, body })
}
