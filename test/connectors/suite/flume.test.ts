import { row } from './rows/flume.js'
import { runSuite } from './suite.js'

runSuite(row)
