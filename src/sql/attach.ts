import { provideQueries } from '../engine/streaming/table-queries.js'

provideQueries(async () => (await import('./query-tables.js')).openQuery)
