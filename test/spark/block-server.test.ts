import { once } from 'node:events'
import { connect } from 'node:net'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { BlockServer } from '#build/spark/block-server.js'
import { ReceivedStore } from '#build/spark/received-store.js'
import { BlockLink } from '#build/spark/worker/block-link.js'

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

test('a worker pulls whole blocks and parts of them, of one connection', async () => {
  const [first, second] = [keep('one\ntwo\n'), keep('x'.repeat(200_000))]
  const link = linkTo(server.token)
  const bytes = await link.pull([
    { block: first.id, start: 4, end: 8 },
    { block: second.id, start: 0, end: second.length },
  ])
  expect(bytes.map(String)).toEqual(['two\n', 'x'.repeat(200_000)])
  expect(String((await link.pull([{ block: first.id, start: 0, end: 3 }]))[0])).toBe('one')
})

test('a freed block is an error that names it, and the next pull works', async () => {
  const { size } = store
  const block = keep('gone')
  store.blocks.release(block.id)
  const link = linkTo(server.token)
  const pulled = link.pull([{ block: block.id, start: 0, end: 4 }])
  await expect(pulled).rejects.toMatchObject({ code: 'ERR_MILLRACE_BLOCK_LOST' })
  await expect(pulled).rejects.toThrow(`Block ${block.id} of received data is freed`)
  expect(store.size).toBe(size)
  const next = keep('next')
  expect(String((await link.pull([{ block: next.id, start: 0, end: 4 }]))[0])).toBe('next')
})

test('a connection without the token gets nothing', async () => {
  const block = keep('secret')
  const bytes = { block: block.id, start: 0, end: 6 }
  await expect(linkTo('0'.repeat(server.token.length)).pull([bytes])).rejects.toThrow('does not serve received data')
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
  await expect(link.pull([{ block: keep('x').id, start: 0, end: 1 }])).rejects.toThrow(`127.0.0.1:${port}`)
})
