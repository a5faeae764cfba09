import { renderMarkdown, textUtil } from '@grafana/data';
import { ScrollContainer } from '@grafana/ui';
import React from 'react';
import type { StandInProps } from './stand-in';

/** Markdown or HTML, made safe as Grafana makes it. */
export function TextPanel({ options, replaceVariables }: StandInProps) {
  const content = replaceVariables(typeof options['content'] === 'string' ? options['content'] : '');
  const html = options['mode'] === 'html' ? textUtil.sanitize(content) : renderMarkdown(content);
  return (
    <ScrollContainer>
      <div className="markdown-html" dangerouslySetInnerHTML={{ __html: html }} />
    </ScrollContainer>
  );
}
