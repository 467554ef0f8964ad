import { expect, test } from 'vitest'
import type { KafkaCluster } from '#build/connectors/kafka/cluster.js'
import { startOffsets } from '#build/connectors/kafka/planner.js'
import type { BrokerConnection } from '#build/connectors/kafka/wire/connection.js'
import { RequestWriter } from '#build/connectors/kafka/wire/request.js'
import { ResponseReader } from '#build/connectors/kafka/wire/response.js'

const COORDINATOR_LOAD_IN_PROGRESS = 14
const orders = { topic: 'orders', partition: 0 }

/** A cluster whose coordinator answers a look-up of committed offsets with a code, and whose partitions end at offset 900. */
function answering(code: number): KafkaCluster {
  const committed = new RequestWriter()
  committed.array([orders], (of) => committed.partition(of, () => committed.int64(-1).text('').int16(code)))
  const ends = new RequestWriter().int32(0)
  ends.array([orders], (of) => ends.partition(of, () => ends.int16(0).int64(-1).int64(900)))
  const answerOf = (writer: RequestWriter) => new ResponseReader(writer.done())
  const on = (writer: RequestWriter) => ({ send: async () => answerOf(writer) }) as unknown as BrokerConnection
  return {
    leaderOf: () => undefined,
    onCoordinator: (_group: string, _signal: AbortSignal, run: (on: BrokerConnection) => unknown) => run(on(committed)),
    onLeader: (_of: object, _signal: AbortSignal, run: (on: BrokerConnection) => unknown) => run(on(ends)),
  } as unknown as KafkaCluster
}

function starts(code: number) {
  const options = { isolation: 'read_committed', group: 'billing' } as const
  return startOffsets(answering(code), [orders], options, 'latest', new AbortController().signal)
}

test('a partition without a committed offset begins at start', async () => {
  expect([...(await starts(0)).values()]).toEqual([900])
})

test('committed offsets that cannot be looked up are an error, not a start elsewhere', async () => {
  await expect(starts(COORDINATOR_LOAD_IN_PROGRESS)).rejects.toThrow(
    "The offsets of group 'billing' cannot be looked up: COORDINATOR_LOAD_IN_PROGRESS",
  )
})
