import { once } from 'node:events'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import net from 'node:net'
import { tmpdir } from 'node:os'
import path from 'node:path'
import { expect, test } from 'vitest'
import { run } from './run.js'

test('word-count shows the most frequent words of a file', async () => {
  const folder = await mkdtemp(path.join(tmpdir(), 'words-'))
  try {
    const file = path.join(folder, 'text.txt')
    await writeFile(file, 'The mill turns, the stream runs.\nÜber der Mühle: the river.\n')
    const { code, out, err } = await run('word-count.mjs', { args: [file] })
    expect({ code, err }).toEqual({ code: 0, err: '' })
    const [first, ...others] = out.trimEnd().split('\n')
    expect(first).toBe('     3 the')
    expect(others.sort()).toEqual(
      ['der', 'mill', 'mühle', 'river', 'runs', 'stream', 'turns', 'über'].map((word) => `     1 ${word}`),
    )
  } finally {
    await rm(folder, { recursive: true })
  }
})

test('network-word-count counts the words of a socket, and an interrupt ends it', async () => {
  const server = net.createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as net.AddressInfo
  const args = ['127.0.0.1', String(port)]
  const end = run('network-word-count.mjs', { args, interruptAt: /^\["to",2\]$/ })
  const [socket] = (await once(server, 'connection')) as [net.Socket]
  socket.write('to be or not to be\n')
  const { code, out, err } = await end
  socket.destroy()
  server.close()
  expect({ code, err }).toEqual({ code: 0, err: '' })
  expect(out).toMatch(/^Time: \d+ ms$/m)
  for (const pair of ['["to",2]', '["be",2]', '["or",1]', '["not",1]']) expect(out).toContain(`${pair}\n`)
})
