/** Up to three ways to mend a problem, each with what it costs, and the way to the guilty value. */

import type { MouseEvent, ReactElement } from "react";

import { count, signed } from "../core/format";
import type { Delta, Fix, Issue } from "../core/types";
import { goTo } from "../state/acts";
import { useInstance } from "../state/context";
import { Icon } from "./Icon";

const MOST = 3;

export function FixButtons({ issue }: { issue: Issue }): ReactElement | null {
  const instance = useInstance();
  const elsewhere = issue.cause !== null && issue.cause.node !== issue.node;
  if (issue.fixes.length === 0 && !elsewhere) return null;
  const act = (run: () => void) => (event: MouseEvent) => {
    event.stopPropagation();
    run();
  };
  return (
    <div className="fixes">
      {issue.fixes.slice(0, MOST).map((fix, index) => (
        <button
          key={fix.label}
          type="button"
          className="button line"
          title={fix.label}
          data-testid={`fix-${index}`}
          onClick={act(() => instance.editor.act("fix", { command: fix.command, label: fix.label, base_rev: instance.editor.getState().sync.rev }))}
        >
          {titleOf(issue, fix)}
          {fix.delta !== null && <span className="muted">{deltaText(fix.delta)}</span>}
        </button>
      ))}
      {elsewhere && (
        <button type="button" className="button line" data-testid="go-to-cause" onClick={act(() => goTo(instance, issue.cause!.node))}>
          <Icon name="goto" size={13} />
          go to cause
        </button>
      )}
    </div>
  );
}

/** Beside the problem of a node, a fix of that node need not name it again. */
function titleOf(issue: Issue, { label, command }: Fix): string {
  const own = command.op === "set_config" && command.id === issue.node;
  return own ? `${String(command.field).replaceAll("_", " ")} ${String(command.value)}` : label;
}

function deltaText(delta: Delta): string {
  if (delta.params === 0 && delta.macs === 0) return "no change";
  const params = delta.params === 0 ? "" : `${signed(delta.params, count)} params`;
  const macs = delta.macs === 0 ? "" : `${signed(delta.macs, count)} MACs`;
  return [params, macs].filter(Boolean).join(", ");
}
