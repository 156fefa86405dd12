/** All operations, in the order in which help lists them. */
import { access } from "./access.js"
import { alertAcknowledge, alertResolve, alertShow, alertSilence, alerts } from "./alerts.js"
import { archiveAttach, archiveCreate, archiveDetach, archiveList } from "./archive.js"
import { roleSet, tagAdd, tagRemove } from "./assign.js"
import { backtest } from "./backtest.js"
import { blame } from "./blame.js"
import type { Operation } from "./define.js"
import { changes } from "./changes.js"
import { checks, checksRun } from "./checks.js"
import { complete } from "./complete.js"
import { count } from "./count.js"
import { deadLetterList, deadLetterRetry } from "./dead-letters.js"
import { baselines, pin, withdrawBaseline } from "./baselines.js"
import { deliveryDead, deliveryList, deliveryReplay, deliveryRetry, deliveryTest } from "./delivery.js"
import { density } from "./density.js"
import { diff } from "./diff.js"
import { drift } from "./drift.js"
import { doctor } from "./doctor.js"
import { discover } from "./discover.js"
import { enroll } from "./enroll.js"
import { evidence } from "./evidence.js"
import { event } from "./event.js"
import { expectAdd, expectList, expectWithdraw } from "./expect.js"
import { exportLedger } from "./export.js"
import { health } from "./health.js"
import { history } from "./history.js"
import { identityLink, identityReview, identitySeparate, identityUnlink } from "./identity.js"
import { inventoryExport } from "./inventory-export.js"
import { inventoryImport } from "./inventory-import.js"
import { login } from "./login.js"
import { maintenanceEnd, maintenanceList, maintenancePlan } from "./maintenance.js"
import { measurements } from "./measurements.js"
import { noise } from "./noise.js"
import { proofCheckpoint, proofConsistency, proofInclusion, proofKey, proofRotate } from "./proof.js"
import { queryDelete, queryList, querySave } from "./queries.js"
import { rebuild } from "./rebuild.js"
import { redact } from "./redact.js"
import { relations } from "./relations.js"
import { report } from "./report.js"
import { rules, rulesAdopt, rulesCheck } from "./rules.js"
import { search } from "./search.js"
import { security } from "./security.js"
import { services } from "./services.js"
import { show } from "./show.js"
import { snapshotCompare } from "./snapshot-compare.js"
import { snapshotCreate, snapshotDelete, snapshotList, snapshotShow } from "./snapshots.js"
import { stacks } from "./stacks.js"
import { status } from "./status.js"
import { subscriptionList, subscriptionPause, subscriptionReplay, subscriptionResume } from "./subscriptions.js"
import { targets } from "./targets.js"
import { topology } from "./topology.js"
import { tokenCreate, tokenList, tokenRevoke } from "./token.js"
import { verify } from "./verify.js"
import { watch } from "./watch.js"

export const operations: readonly Operation[] = [
  discover,
  enroll,
  targets,
  services,
  stacks,
  search,
  count,
  complete,
  querySave,
  queryList,
  queryDelete,
  show,
  relations,
  topology,
  history,
  event,
  density,
  blame,
  diff,
  snapshotCreate,
  snapshotList,
  snapshotShow,
  snapshotCompare,
  snapshotDelete,
  inventoryExport,
  inventoryImport,
  changes,
  watch,
  noise,
  measurements,
  checks,
  checksRun,
  health,
  security,
  drift,
  baselines,
  pin,
  rules,
  rulesAdopt,
  rulesCheck,
  withdrawBaseline,
  expectAdd,
  expectList,
  expectWithdraw,
  alerts,
  alertShow,
  alertAcknowledge,
  alertSilence,
  alertResolve,
  backtest,
  maintenancePlan,
  maintenanceList,
  maintenanceEnd,
  report,
  evidence,
  status,
  doctor,
  verify,
  exportLedger,
  proofCheckpoint,
  proofInclusion,
  proofConsistency,
  proofKey,
  proofRotate,
  roleSet,
  tagAdd,
  tagRemove,
  identityReview,
  identityLink,
  identityUnlink,
  identitySeparate,
  redact,
  rebuild,
  archiveCreate,
  archiveList,
  archiveDetach,
  archiveAttach,
  subscriptionList,
  subscriptionPause,
  subscriptionResume,
  subscriptionReplay,
  deadLetterList,
  deadLetterRetry,
  deliveryList,
  deliveryDead,
  deliveryTest,
  deliveryRetry,
  deliveryReplay,
  access,
  login,
  tokenCreate,
  tokenList,
  tokenRevoke,
]
