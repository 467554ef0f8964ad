import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { expect, test } from 'vitest'
import { packBlock, unpackBlock } from '#build/spark/block-wire.js'
import { intBytes, SocketReader } from '#build/spark/socket-reader.js'

test.each(['answer', 'text', 'records', 'shuffle'] as const)('a block of %s is the same at the other end', (codec) => {
  const block = { map: 3, count: -1, codec, payload: Buffer.from('bytes') }
  const [head, payload] = packBlock(block)
  expect(unpackBlock(Buffer.concat([head, payload]))).toEqual(block)
  expect(head.readInt32BE(0)).toBe(3)
  expect(payload).toBe(block.payload)
})

async function pair(): Promise<[Socket, SocketReader]> {
  const server = createServer()
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1')
  const [accepted] = (await once(server, 'connection')) as [Socket]
  server.close()
  return [client, new SocketReader(accepted)]
}

test('a reader waits for what was cut, also byte by byte, and for megabytes', async () => {
  const [socket, reader] = await pair()
  const long = Buffer.alloc(3 * 2 ** 20, 'abc')
  const reading = (async () => [await reader.int(), await reader.flag(), await reader.bytes(), await reader.bytes()])()
  for (const byte of [...intBytes(-7), 1, ...intBytes(0)]) {
    socket.write(Buffer.of(byte))
    await new Promise(setImmediate)
  }
  socket.write(intBytes(long.length))
  socket.write(long)
  const [number, flag, empty, arrived] = await reading
  expect([number, flag, empty]).toEqual([-7, true, Buffer.alloc(0)])
  expect(long.equals(arrived as Buffer)).toBe(true)
  socket.end()
  expect(await reader.read(4)).toBeUndefined()
})

test('a connection that ends within a message is an error', async () => {
  const [socket, reader] = await pair()
  socket.write(intBytes(100))
  socket.end(Buffer.from('too short'))
  await expect(reader.bytes()).rejects.toThrow('ended in the middle of a message')
  const [other, second] = await pair()
  other.end()
  await expect(second.int()).rejects.toThrow('ended in the middle of a message')
})
