import React from 'react';
import type { LinkModel } from '@grafana/data';
import { useStyles2 } from '@grafana/ui';
import { LinkMenu } from '../links/LinkMenu';
import type { CardModel } from '../reading/card-model';
import { getCardStyles } from './card-styles';

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
      {card.title}
      {card.subtitle !== '' && <span className={styles.subtitle}> {card.subtitle}</span>}
    </>
  );
  return (
    <>
      <h3 id={id} className={styles.title} title={whole}>
        {first === undefined ? name : <TitleLink link={first}>{name}</TitleLink>}
      </h3>
      {card.links.length > 1 && <LinkMenu links={card.links} label={`Links of ${whole}`} />}
    </>
  );
}

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
