import { row } from './rows/zeromq.js'
import { runSuite } from './suite.js'

runSuite(row)
