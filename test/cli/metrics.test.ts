import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { expect, onTestFinished, test } from 'vitest'
import { millrace } from './command.js'

test('--metrics-port serves metrics and probes', async () => {
  const command = millrace(
    'run',
    'totals.mjs',
    '--threads',
    '1',
    '--batch-interval',
    '100ms',
    '--json',
    '--metrics-port',
    '0',
  )
  // Its first batch has ended before the third one has an output.
  await command.writes('stdout', '"records":[3]')
  const url = /millrace: metrics: (http:\/\/127\.0\.0\.1:\d+\/)metrics\n/.exec(command.stderr)?.[1]
  expect(url, command.stderr).toBeDefined()
  const metrics = await (await fetch(`${url}metrics`)).text()
  expect(metrics).toMatch(/^millrace_batches_total\{status="succeeded"\} [1-9]/m)
  for (const path of ['healthz', 'readyz']) {
    const answer = (await (await fetch(url + path)).json()) as { checks: unknown }
    expect(answer, path).toHaveProperty('checks')
  }
  command.kill('SIGTERM')
  expect(await command.ended, command.stderr).toEqual({ code: 0, signal: null })
})

test('a port of the metrics that is taken ends the start', async () => {
  const server = createServer().listen(0, '127.0.0.1')
  onTestFinished(() => void server.close())
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const command = millrace('run', 'totals.mjs', '--threads', '1', '--metrics-port', String(port))
  expect(await command.ended).toEqual({ code: 2, signal: null })
  expect(command.stderr).toContain(`The metrics cannot be served on port ${port} of 127.0.0.1`)
  expect(command.stderr).toContain('Choose another with --metrics-port')
})
