/** Every problem at once, with the ways to mend it. */

import type { ReactElement } from "react";

import type { Issue } from "../core/types";
import { goTo, titleOf } from "../state/acts";
import { useEditor, useInstance } from "../state/context";
import { FixButtons } from "./FixButtons";
import { Icon } from "./Icon";

export function Problems(): ReactElement {
  const issues = useEditor((state) => state.analysis?.issues);
  if (issues === undefined || issues.length === 0) {
    return <p className="nothing">No problems: every block gets what it takes.</p>;
  }
  return (
    <div data-testid="problems">
      {issues.map((issue, index) => (
        <Row key={`${issue.node} ${issue.field} ${index}`} issue={issue} />
      ))}
    </div>
  );
}

function Row({ issue }: { issue: Issue }): ReactElement {
  const instance = useInstance();
  const where = useEditor((state) => (issue.node === null ? "Design" : titleOf(state, issue.node)));
  const go = (): void => {
    if (issue.node !== null) goTo(instance, issue.node);
  };
  return (
    <div className="problem" data-testid="problem" data-node={issue.node ?? ""} onClick={go}>
      <Icon name="warn" />
      <button type="button" className="where button" onClick={go}>
        {where}
      </button>
      <span>{issue.message}</span>
      <FixButtons issue={issue} />
    </div>
  );
}
