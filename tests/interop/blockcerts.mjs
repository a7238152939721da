// Verifies a credential with npm @blockcerts/cert-verifier-js as it comes. Reads one JSON object on
// stdin: {credential, pages: {url: text}, rpcUrl, now}. What the verifier fetches comes from `pages`, and
// of Etherscan, its stock explorer for Ethereum, from the node at rpcUrl. Prints {status, message,
// steps, asked}.
import { createRequire } from 'node:module'

const require = createRequire(import.meta.url)
const input = JSON.parse(await new Response(process.stdin).text())
const realFetch = globalThis.fetch
const asked = []

if (!process.env.LOUD) for (const name of ['log', 'warn', 'error', 'info']) console[name] = () => {}

async function rpc(method, params) {
  const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method, params })
  const headers = { 'Content-Type': 'application/json' }
  const answer = await realFetch(input.rpcUrl, { method: 'POST', headers, body })
  return answer.text()
}

function etherscan(url) {
  const query = url.searchParams
  switch (query.get('action')) {
    case 'eth_getTransactionByHash': {
      const hash = query.get('txhash')
      return rpc('eth_getTransactionByHash', [hash.startsWith('0x') ? hash : `0x${hash}`])
    }
    case 'eth_getBlockByNumber':
      return rpc('eth_getBlockByNumber', [query.get('tag'), true])
    case 'eth_blockNumber':
      return rpc('eth_blockNumber', [])
  }
  return null
}

globalThis.fetch = async (resource, options) => {
  const text = String(resource?.url ?? resource)
  asked.push(text)
  const url = new URL(text)
  const body = url.hostname === 'api.etherscan.io' ? await etherscan(url) : input.pages[text]
  if (body == null) return new Response('not found', { status: 404 })
  return new Response(body, { status: 200, headers: { 'Content-Type': 'application/json' } })
}


if (input.now) {
  const Real = Date
  const offset = Real.parse(input.now) - Real.now()
  globalThis.Date = class extends Real {
    constructor(...parts) {
      parts.length === 0 ? super(Real.now() + offset) : super(...parts)
    }
    static now() {
      return Real.now() + offset
    }
  }
}

const { Certificate } = require('@blockcerts/cert-verifier-js/dist/verifier-node/index.js')
const steps = []
let result
try {
  const certificate = new Certificate(input.credential)
  await certificate.init()
  result = await certificate.verify(step => {
    if (step.status !== 'starting') steps.push([step.code, step.status, step.errorMessage ?? ''])
  })
} catch (error) {
  result = { status: 'failure', message: String(error.message ?? error) }
}
process.stdout.write(JSON.stringify({ ...result, steps, asked }) + '\n')
process.exit(0)
