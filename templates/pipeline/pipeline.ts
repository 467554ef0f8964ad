import { setTimeout } from 'node:timers/promises'
import { type DStream, definePipeline } from 'millrace'

export interface Visit {
  readonly page: string
  readonly ms: number
}

/** The number of visits of each page in the last ten seconds, every second. */
export function visitsPerPage(visits: DStream<Visit>): DStream<[page: string, visits: number]> {
  return visits.map(({ page }) => page).countByValueAndWindow('10s', '1s')
}

/** Sample data. Replace it by a source of your own: Kafka, files, PostgreSQL, HTTP and others. */
async function* sampleVisits(): AsyncGenerator<Visit> {
  const pages = ['/', '/', '/', '/docs', '/docs', '/about']
  for (let i = 0; ; i++) {
    yield { page: pages[i % pages.length]!, ms: 5 + (i % 40) }
    await setTimeout(20)
  }
}

export default definePipeline((ssc) => {
  visitsPerPage(ssc.fromIterable(sampleVisits())).print()
})
