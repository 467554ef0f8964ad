import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import type { BlockId } from '#build/ids.js'
import { HEADER_BYTES } from '#build/pool/blocks/layout.js'
import { BlockServer } from '#build/spark/block-server.js'
import { packRequest } from '#build/spark/pull-wire.js'
import { ReceivedStore } from '#build/spark/received-store.js'
import { BlockLink } from '#build/spark/worker/block-link.js'
import { TaskMemory } from '#build/spark/worker/task-memory.js'
import { eventually } from '../support/eventually.js'

interface Bytes {
  readonly block: BlockId
  readonly start: number
  readonly end: number
}

const store = new ReceivedStore(1024 * 1024)
let server: BlockServer
beforeAll(async () => {
  server = await BlockServer.open(store, '127.0.0.1')
})
afterAll(() => server.close())

function keep(text: string) {
  const block = store.blocks.writeBytes(Buffer.from(text), 'text', 1)
  store.blocks.keep(block)
  return block
}

const linkTo = (token: string) => new BlockLink({ host: '127.0.0.1', port: server.port, token })

/** Pulls slices as a task does. Resolves with their texts. */
async function pull(link: BlockLink, slices: readonly Bytes[]): Promise<string[]> {
  const memory = new TaskMemory()
  const blocks = await link.pull(
    slices.map((slice) => ({ ...slice, codec: 'text', count: 1 })),
    memory,
  )
  memory.grants()
  return blocks.map((block) => String(memory.bytesOf(block)))
}

/** Connects as a worker does, and leaves what arrives unread. */
async function connectIdle(): Promise<Socket> {
  const socket = connect(server.port, '127.0.0.1').pause()
  await once(socket, 'connect')
  socket.write(server.token)
  return socket
}

test('a worker pulls whole blocks and parts of them, of one connection', async () => {
  const [first, second] = [keep('one\ntwo\n'), keep('x'.repeat(200_000))]
  const link = linkTo(server.token)
  const texts = await pull(link, [
    { block: first.id, start: 4, end: 8 },
    { block: second.id, start: 0, end: second.length },
  ])
  expect(texts).toEqual(['two\n', 'x'.repeat(200_000)])
  expect(await pull(link, [{ block: first.id, start: 0, end: 3 }])).toEqual(['one'])
})

test('a freed block is an error that names it, and the next pull works', async () => {
  const { size } = store
  const block = keep('gone')
  store.blocks.release(block.id)
  const link = linkTo(server.token)
  const pulled = pull(link, [{ block: block.id, start: 0, end: 4 }])
  await expect(pulled).rejects.toMatchObject({ code: 'ERR_MILLRACE_BLOCK_LOST' })
  await expect(pulled).rejects.toThrow(`Block ${block.id} of received data is freed`)
  expect(store.size).toBe(size)
  const next = keep('next')
  expect(await pull(link, [{ block: next.id, start: 0, end: 4 }])).toEqual(['next'])
})

test('a block stays in memory while it is sent, also after its release, and no longer', async () => {
  // It fills a segment, which is free as soon as the block is.
  const bytes = 16 * 1024 * 1024 - HEADER_BYTES
  const text = 'y'.repeat(bytes)
  const used = store.usedBytes
  const socket = await connectIdle()
  const block = keep(text)
  socket.write(packRequest({ block: block.id, start: 0, end: bytes }))
  await once(socket, 'readable')
  store.blocks.release(block.id)
  // Its memory would be taken for these otherwise.
  const others = Array.from({ length: 3 }, () => keep('n'.repeat(bytes)))
  const parts: Buffer[] = []
  let length = 0
  for await (const part of socket) {
    parts.push(part)
    length += part.length
    if (length === bytes + 4) break
  }
  expect(Buffer.concat(parts).subarray(4).equals(Buffer.from(text))).toBe(true)
  for (const other of others) store.blocks.release(other.id)
  await eventually(() => expect(store.usedBytes).toBe(used))
})

test('a connection that ends in the middle of a block frees it', async () => {
  const bytes = 16 * 1024 * 1024
  const used = store.usedBytes
  const socket = await connectIdle()
  const block = keep('z'.repeat(bytes))
  socket.write(packRequest({ block: block.id, start: 0, end: bytes }))
  await once(socket, 'readable')
  store.blocks.release(block.id)
  expect(store.usedBytes).toBeGreaterThan(used)
  socket.destroy()
  await eventually(() => expect(store.usedBytes).toBe(used))
})

test('a connection without the token gets nothing', async () => {
  const block = keep('secret')
  const bytes = { block: block.id, start: 0, end: 6 }
  await expect(pull(linkTo('0'.repeat(server.token.length)), [bytes])).rejects.toThrow('does not serve received data')
  const socket = connect(server.port, '127.0.0.1')
  const answered: Buffer[] = []
  socket.on('data', (data) => answered.push(data))
  socket.write('0'.repeat(server.token.length))
  await once(socket, 'close')
  expect(answered).toEqual([])
})

test('a driver that is gone is an error with its address', async () => {
  const other = await BlockServer.open(store, '127.0.0.1')
  const { port, token } = other
  other.close()
  const link = new BlockLink({ host: '127.0.0.1', port, token })
  await expect(pull(link, [{ block: keep('x').id, start: 0, end: 1 }])).rejects.toThrow(`127.0.0.1:${port}`)
})
