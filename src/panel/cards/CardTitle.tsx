import React from 'react';
import type { LinkModel } from '@grafana/data';
import { useStyles2 } from '@grafana/ui';
import { t } from '../../locales/translate';
import { LinkMenu } from '../links/LinkMenu';
import type { CardModel } from '../reading/card-model';
import { getCardStyles } from './card-styles';
import { ems } from './text-widths';

interface CardTitleProps {
  readonly card: CardModel;
  readonly id: string;
}

/** The card's name; a link where the field has one, with a menu beside it where it has several. */
export function CardTitle({ card, id }: CardTitleProps) {
  const styles = useStyles2(getCardStyles);
  const whole = card.subtitle === '' ? card.title : `${card.title} ${card.subtitle}`;
  const [first] = card.links;
  const name = (
    <>
      {card.shared > 0 && (
        <span className={styles.sharedTitle} style={{ maxWidth: besides(card.title.slice(card.shared)) }}>
          {card.title.slice(0, card.shared)}
        </span>
      )}
      {card.title.slice(card.shared)}
      {card.subtitle !== '' && (
        <>
          {' '}
          <bdi className={styles.subtitle}>{card.subtitle}</bdi>
        </>
      )}
    </>
  );
  return (
    <>
      <h3 id={id} className={styles.title} title={whole} dir="auto">
        {first === undefined ? name : <TitleLink link={first}>{name}</TitleLink>}
      </h3>
      {card.links.length > 1 && (
        <LinkMenu links={card.links} label={t('links.of', 'Links of {{title}}', { title: whole })} />
      )}
    </>
  );
}

/** Of the dots where a subtitle after it is cut. */
const DOTS_EMS = 1.2;

/** Max width of the common prefix, so that the rest, which identifies the card, is not cut. */
const besides = (rest: string): string => `max(30%, calc(100% - ${(ems(rest) + DOTS_EMS).toFixed(1)}em))`;

function TitleLink({ link, children }: { readonly link: LinkModel; readonly children: React.ReactNode }) {
  const styles = useStyles2(getCardStyles);
  return (
    <a
      className={styles.link}
      href={link.href}
      target={link.target}
      title={link.title}
      rel={link.target === '_blank' ? 'noreferrer' : undefined}
      onClick={link.onClick}
    >
      {children}
    </a>
  );
}
