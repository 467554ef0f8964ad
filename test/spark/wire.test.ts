import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { expect, test } from 'vitest'
import { packBlock, unpackBlock } from '#build/spark/block-wire.js'
import { intBytes, openSocket, SocketReader } from '#build/spark/socket-reader.js'

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

test('a reader takes what arrives early, between reads, and fills shared memory', async () => {
  const server = createServer()
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { socket, reader } = openSocket({ host: '127.0.0.1', port: (server.address() as AddressInfo).port })
  const [other] = (await once(server, 'connection')) as [Socket]
  server.close()
  const long = Buffer.alloc(2 * 2 ** 20, 'abcdefg')
  for (let i = 0; i < 3; i++) other.write(Buffer.concat([intBytes(i), long]))
  other.end()
  for (let i = 0; i < 3; i++) {
    expect(await reader.int()).toBe(i)
    await new Promise(setImmediate)
    const memory = Buffer.from(new SharedArrayBuffer(long.length))
    await reader.fill(memory)
    expect(long.equals(memory)).toBe(true)
  }
  expect(await reader.read(1)).toBeUndefined()
  socket.destroy()
})

test('a connection whose messages are all read keeps its process alive', async () => {
  const server = createServer((socket) => socket.write(Buffer.concat([intBytes(1), intBytes(2)])))
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const { port } = server.address() as AddressInfo
  const program = `
    import { openSocket } from ${JSON.stringify(import.meta.resolve('#build/spark/socket-reader.js'))}
    const { reader } = openSocket({ host: '127.0.0.1', port: ${port} })
    const sum = (await reader.int()) + (await reader.int())
    setTimeout(() => console.log(sum), 200).unref()
  `
  const child = spawn(process.execPath, ['--input-type=module', '-e', program], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  expect(await text(child.stdout.take(1))).toBe('3\n')
  child.kill('SIGKILL')
  server.close()
})
