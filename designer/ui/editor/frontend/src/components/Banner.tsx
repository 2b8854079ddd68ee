/** Over the canvas when saving went wrong: what happened in one sentence, and the ways on. */

import type { ReactElement } from "react";

import { statusOf } from "../core/sync";
import { useActions, useEditor } from "../state/context";
import { Icon } from "./Icon";

export function Banner(): ReactElement | null {
  const editor = useActions();
  const status = useEditor((state) => statusOf(state.sync));
  const message = useEditor((state) => state.sync.saved?.message ?? "");
  if (status !== "conflict" && status !== "error") return null;
  return (
    <div className="banner" role="alert" data-testid="banner">
      <Icon name="warn" />
      <span>{message}</span>
      {status === "conflict" && (
        <>
          <button type="button" className="button line" data-testid="conflict-copy" onClick={() => editor.act("save_copy")}>
            Save as a copy
          </button>
          <button type="button" className="button line" data-testid="conflict-reload" onClick={() => editor.act("reload")}>
            Reload
          </button>
        </>
      )}
    </div>
  );
}
