import { row } from './rows/sse.js'
import { runSuite } from './suite.js'

runSuite(row)
