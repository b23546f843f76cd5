// The flows of an alert, one by one: the largest, and how many more there are.
import type { AlertDetail, FlowInfo } from '../views/page-api.ts'
import { endpointText } from './format.ts'
import { Bytes, Clock, Cut } from './parts.tsx'
import { ANSWERED_MEANS, qualifiedText, unlistedText } from './words.ts'

export function Flows({ alert }: { alert: AlertDetail }) {
  const { listedFlows } = alert
  if (listedFlows === null)
    return (
      <p class="quiet">
        The agent of this machine did not send them: it is of an earlier version. The figures above
        are of all of them.
      </p>
    )
  return (
    <>
      {listedFlows.length > 0 && <Table flows={listedFlows} />}
      <p class="rest">
        {unlistedText(alert)} {qualifiedText(alert)} {ANSWERED_MEANS}
      </p>
    </>
  )
}

function Table({ flows }: { flows: readonly FlowInfo[] }) {
  return (
    <table class="plain">
      <thead>
        <tr>
          <th scope="col">First report</th>
          <th scope="col" class="roomy">
            Last report
          </th>
          <th scope="col" class="right roomy">
            Pid
          </th>
          <th scope="col" class="right roomy">
            Local port
          </th>
          <th scope="col">Other end</th>
          <th scope="col" class="right">
            Out
          </th>
          <th scope="col" class="right">
            In
          </th>
          <th scope="col" class="roomy">
            State
          </th>
        </tr>
      </thead>
      <tbody>
        {flows.map((flow, index) => (
          <tr key={`${index} ${flow.firstAt}`}>
            <td>
              <Clock at={flow.firstAt} />
            </td>
            <td class="roomy">
              <Clock at={flow.lastAt} />
            </td>
            <td class="right number roomy">
              {flow.pid === 0 ? <span class="quiet">not known</span> : flow.pid}
            </td>
            <td class="right number roomy">{flow.localPort}</td>
            <td>
              <Cut text={endpointText(flow.address, flow.port)} max={48} mono />
              {flow.isInbound && <span class="quiet"> came in</span>}
              <p class="meta phone">
                {flow.pid === 0 ? 'pid not known' : `pid ${flow.pid}`}, local port {flow.localPort},{' '}
                <State of={flow.state} />
              </p>
            </td>
            <td class="right number">
              {flow.isUnread && <span class="quiet">at least </span>}
              <Bytes of={flow.bytesOut} />
            </td>
            <td class="right number">
              <Bytes of={flow.bytesIn} />
            </td>
            <td class="roomy">
              <State of={flow.state} />
            </td>
          </tr>
        ))}
      </tbody>
    </table>
  )
}

function State({ of }: { of: FlowInfo['state'] }) {
  if (of === 'open') return <span class="state open">open</span>
  if (of === 'closed') return <span>closed</span>
  return (
    <span title="It went on with another program, or nothing was heard of it any more.">gone</span>
  )
}
