import { row } from './rows/nats.js'
import { runSuite } from './suite.js'

runSuite(row)
