import { createServer, type Socket } from 'node:net'
import { createInterface } from 'node:readline'
import type { DStream, StreamingContext } from 'millrace'
import { kafkaSource } from 'millrace/kafka'
import { linesOf } from './pipelines.js'

/** Where the lines of each source are: plain data, which travels to the process under test. */
export interface SourcePlaces {
  readonly files: { readonly directory: string }
  readonly kafka: { readonly brokers: string; readonly topic: string }
  readonly log: { readonly port: number }
}

/** Opens each source in the process under test. */
export const READS: {
  readonly [S in keyof SourcePlaces]: (ssc: StreamingContext, at: SourcePlaces[S]) => DStream<string>
} = {
  files: (ssc, { directory }) => ssc.textFileStream(directory, { newFilesOnly: false }),
  kafka: (ssc, { brokers, topic }) => ssc.input(kafkaSource({ brokers, topics: topic, start: 'earliest' })),
  log: (ssc) => ssc.pushStream<string>('lines'),
}

/** Starts what feeds a source in the process under test, once its streams have started: a standby must not have the port. */
export const SERVES: { readonly [S in keyof SourcePlaces]?: (ssc: StreamingContext, at: SourcePlaces[S]) => void } = {
  log(ssc, { port }) {
    const lines = ssc.pushHandle<string>('lines')
    const serve = async (socket: Socket) => {
      for await (const range of createInterface({ input: socket })) {
        const [from, to] = range.split(' ').map(Number) as [number, number]
        await lines.pushAll(linesOf(from, to), { until: 'logged' })
        socket.write('logged\n')
      }
    }
    // A connection that breaks sends again.
    createServer((socket) => void serve(socket.on('error', () => {})).catch(() => {}))
      .listen(port, '127.0.0.1')
      .unref()
  },
}
