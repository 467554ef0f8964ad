import { type AddressInfo, createServer, type Socket } from 'node:net'
import { ManualClock, type StreamingContext } from 'millrace'
import { expect, onTestFinished, test } from 'vitest'
import { WaitingRecords } from '#build/engine/receivers/waiting-records.js'
import { manual, run } from './support.js'

const lagOf = async (ssc: StreamingContext) => (await ssc.status()).inputs[0]!.lag!

test('the lag of a receiver is what it has received and no complete batch has, with the age of the oldest', async () => {
  const { ssc, clock } = manual({ threads: 1, spare: false })
  await using _ssc = ssc
  const stream = ssc.pushStream<number>('pushed')
  const handle = ssc.pushHandle<number>('pushed')
  const waiting: (() => void)[] = []
  stream.foreachRDD(() => new Promise<void>((resolve) => waiting.push(resolve)))
  await ssc.start()
  expect(await lagOf(ssc)).toEqual({ unit: 'records', total: 0, bytes: 0, parts: [], partsOmitted: 0 })
  await clock.advance(300)
  handle.push(1, 2, 3)
  await clock.advance(200)
  handle.push(4)
  expect(await lagOf(ssc)).toMatchObject({ total: 4, oldest: 300 })
  expect((await lagOf(ssc)).bytes).toBeGreaterThan(0)

  await clock.advance(500)
  await expect.poll(() => waiting.length).toBe(1)
  handle.push(5)
  expect(await lagOf(ssc), 'a running batch is not complete').toMatchObject({ total: 5, oldest: 300 })
  waiting.pop()!()
  await ssc.awaitIdle()
  expect(await lagOf(ssc)).toMatchObject({ total: 1, oldest: 1000 })
  await clock.advance(1000)
  await expect.poll(() => waiting.length).toBe(1)
  waiting.pop()!()
  await ssc.awaitIdle()
  expect(await lagOf(ssc)).toEqual({ unit: 'records', total: 0, bytes: 0, parts: [], partsOmitted: 0 })
})

test('records of a batch that could not be recorded wait again, since they arrived', () => {
  const clock = new ManualClock(100)
  const waiting = new WaitingRecords(clock)
  waiting.add(0)
  expect(waiting.now).toEqual({ records: 0, since: undefined })
  waiting.add(3)
  const taken = waiting.take()
  expect(taken).toEqual({ records: 3, since: 100 })
  void clock.advance(50)
  waiting.add(1)
  expect(waiting.now).toEqual({ records: 1, since: 150 })
  waiting.putBack(taken)
  expect(waiting.now).toEqual({ records: 4, since: 100 })
  waiting.putBack({ records: 0, since: undefined })
  expect(waiting.take()).toEqual({ records: 4, since: 100 })
})

test('of text, complete lines wait', async () => {
  const sockets: Socket[] = []
  const server = createServer((socket) => sockets.push(socket)).listen(0, '127.0.0.1')
  onTestFinished(() => {
    for (const socket of sockets) socket.destroy()
    server.close()
  })
  await new Promise((resolve) => server.once('listening', resolve))
  const { ssc } = manual({ threads: 1, spare: false })
  await using _ssc = ssc
  ssc.socketTextStream('127.0.0.1', (server.address() as AddressInfo).port).foreachRDD((rdd) => rdd.count())
  await ssc.start()
  await expect.poll(() => sockets.length).toBe(1)
  sockets[0]!.write('one\ntwo\nth')
  await expect.poll(() => lagOf(ssc)).toMatchObject({ unit: 'records', total: 2, bytes: 10 })
  await run(ssc, 1)
  expect(await lagOf(ssc)).toMatchObject({ total: 0 })
  sockets[0]!.write('ree\n')
  await expect.poll(() => lagOf(ssc)).toMatchObject({ total: 1 })
})
