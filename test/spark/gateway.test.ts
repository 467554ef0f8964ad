import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, expect, test, vi } from 'vitest'
import { Gateway } from '#build/spark/gateway.js'

/*
 * The gateway with a program in the place of the JVM: it connects as others of the machine might, with other tokens,
 * and then as the JVM does.
 */
const JVM = `#!${process.execPath}
const { connect } = require('node:net')
const { MILLRACE_PORT, MILLRACE_TOKEN } = process.env
const frame = (text) => Buffer.concat([Buffer.from(Uint32Array.of(Buffer.byteLength(text)).buffer).swap32(), Buffer.from(text)])
const asked = (socket, frames) => new Promise((resolve) => {
  let all = Buffer.alloc(0)
  socket.on('data', (bytes) => {
    all = Buffer.concat([all, bytes])
    const taken = []
    for (let at = 0; all.length >= at + 4 && all.length >= at + 4 + all.readInt32BE(at); at += 4 + all.readInt32BE(at))
      taken.push(all.subarray(at + 4, at + 4 + all.readInt32BE(at)).toString())
    if (taken.length === frames) { socket.removeAllListeners('data'); resolve(taken) }
  })
})
const intruder = (bytes) => new Promise((resolve) => {
  const socket = connect(MILLRACE_PORT, '127.0.0.1', () => socket.write(bytes))
  let got = 0
  socket.on('data', (more) => { got += more.length }).on('error', () => {}).on('close', () => resolve(got + ' bytes'))
})
void (async () => {
  const wrong = MILLRACE_TOKEN.replace(/./g, (c) => (c === '0' ? '1' : '0'))
  const got = await Promise.all([wrong, MILLRACE_TOKEN.slice(1), MILLRACE_TOKEN + '0', ''].map((token) => intruder(frame(token))))
  const socket = connect(MILLRACE_PORT, '127.0.0.1', () => socket.write(frame(MILLRACE_TOKEN)))
  const [conf] = await asked(socket, 1)
  const answer = (head, bytes) => { socket.write(frame(JSON.stringify(head))); socket.write(frame(bytes)) }
  answer({ lengths: [] }, '')
  const [message] = await asked(socket, 2)
  const text = JSON.stringify({ got, conf: JSON.parse(conf), flags: process.argv.slice(2) })
  answer({ call: JSON.parse(message).call, results: 1, lengths: [text.length] }, text)
  await asked(socket, 2)
  process.exit()
})()
`

const home = mkdtempSync(join(tmpdir(), 'millrace-gateway-'))
afterEach(() => {
  vi.unstubAllEnvs()
  rmSync(home, { recursive: true, force: true })
})

/** Returns what the program in the place of the JVM reports. */
async function reported(conf: Record<string, string>) {
  mkdirSync(join(home, 'bin'), { recursive: true })
  writeFileSync(join(home, 'bin/java'), JVM)
  chmodSync(join(home, 'bin/java'), 0o755)
  vi.stubEnv('JAVA_HOME', home)
  const log = vi.fn()
  const gateway = await Gateway.open({
    classPath: '',
    memory: '1g',
    conf,
    logger: { debug: log, info: log, warn: log, error: log },
    closing: new AbortController().signal,
  })
  const { blocks } = await gateway.ask({ op: 'report' })
  await gateway.close()
  return JSON.parse(blocks[0]!.toString())
}

test('connections with another token are closed without a byte, and the one with the token is served', async () => {
  const conf = { 'spark.secret': 'of the user' }
  expect(await reported(conf)).toMatchObject({ got: ['0 bytes', '0 bytes', '0 bytes', '0 bytes'], conf })
})

test('the JVM gets the options that Spark has for a driver, the more special ones last', async () => {
  const { flags } = await reported({
    'spark.driver.defaultJavaOptions': '-XX:TieredStopAtLevel=1',
    'spark.driver.extraJavaOptions': ' -Dx=y  -XX:TieredStopAtLevel=4 ',
  })
  expect(flags.slice(flags.indexOf('-XX:TieredStopAtLevel=1'))).toEqual([
    '-XX:TieredStopAtLevel=1',
    '-Dx=y',
    '-XX:TieredStopAtLevel=4',
    '-cp',
    '',
    'millrace.bridge.Gateway',
  ])
})
