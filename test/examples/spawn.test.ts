import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { expect, test } from 'vitest'
import { startProcess } from '../../examples/support/spawn.mjs'
import { open } from './stream-client.js'

const support = new URL('../../examples/support/', import.meta.url)
const stream = new URL('x-stream.mjs', support)

test('starts a program, and stops it by its own id', async () => {
  const sender = await startProcess(stream, ['--rate', 1])
  expect(sender.info.port).toBeGreaterThan(0)
  process.kill(sender.pid, 0)
  await sender.stop()
  expect(await sender.done).toBe(0)
  expect(() => process.kill(sender.pid, 0)).toThrow('ESRCH')
  await sender.stop()
})

test('a program that ends before it listens is an error', async () => {
  await expect(startProcess(stream, ['--rate', 'fast'])).rejects.toThrow(/x-stream\.mjs ended with code 2 before/)
  await expect(startProcess(new URL('none.mjs', support))).rejects.toThrow(/ended with code 1 before/)
})

test('a program ends with its parent, even when that is killed', async () => {
  const source = `
    import { startProcess } from ${JSON.stringify(new URL('spawn.mjs', support).href)}
    const { info } = await startProcess(${JSON.stringify(fileURLToPath(stream))}, ['--rate', 100])
    console.log(info.url)
  `
  const parent = spawn(process.execPath, ['--input-type=module', '--eval', source], {
    stdio: ['pipe', 'pipe', 'inherit'],
  })
  const [url] = await once(createInterface({ input: parent.stdout }), 'line')
  const response = await open(url)
  response.resume()
  // Without its parent the sender goes, and its connection breaks. Otherwise it ends its answer after 20 seconds.
  const broken = new Promise((resolve) => response.once('close', resolve))
  response.on('error', () => {})
  parent.kill('SIGKILL')
  await broken
  expect(response.complete).toBe(false)
})
