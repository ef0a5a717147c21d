// SPDX-License-Identifier: Apache-2.0
//! Counts and sums that must tie: what the inbox holds, what the rows of posted journals say, and
//! where the two disagree.

use model::code::Code;
use model::event::{EventKind, EventState};
use model::exception;
use model::id::{DocumentId, EventId};
use model::journal::JournalKey;
use model::money::Minor;
use model::role::Role;
use model::row::Purpose;
use ports::book::InboxEntry;
use ports::failure::Failure;
use ports::inquiry::{InboxSum, JournalSum};

use crate::book::PostgresBook;
use crate::entry::{limit_of, purpose_of, role_of, unsigned};
use crate::error::{failure, unreadable};
use crate::inbox;

pub async fn items_by_code(
    book: &PostgresBook,
) -> Result<Vec<(exception::Code, u64, u64, Minor)>, Failure> {
    let sums = sqlx::query!(
        r#"select code, count(*) as "items!", sum(claims)::bigint as "claims!",
           sum(amount)::bigint as "amount!"
         from item
         where tenant = $1
           and state in ('open', 'proposed')
         group by code
         order by code"#,
        book.tenant(),
    )
    .fetch_all(&book.pool)
    .await
    .map_err(failure)?;
    let mut by_code = Vec::with_capacity(sums.len());
    for sum in sums {
        let code = exception::Code::parse(&sum.code).ok_or_else(|| unreadable("exception code"))?;
        by_code.push((code, unsigned(sum.items), unsigned(sum.claims), sum.amount));
    }
    Ok(by_code)
}

pub async fn inbox(book: &PostgresBook, of: Option<DocumentId>) -> Result<Vec<InboxSum>, Failure> {
    let sums = sqlx::query!(
        r#"select document as "document!", kind as "kind!", state as "state!", count(*) as "events!",
           sum(amount)::bigint as "cents!"
         from inbox
         where tenant = $1
           and ($2::uuid is null or document = $2)
         group by document, kind, state
         order by document, kind, state"#,
        book.tenant(),
        of.map(|id| id.0),
    )
    .fetch_all(&book.pool)
    .await
    .map_err(failure)?;
    let mut inbox = Vec::with_capacity(sums.len());
    for sum in sums {
        inbox.push(InboxSum {
            document: DocumentId(sum.document),
            kind: EventKind::parse(&sum.kind).ok_or_else(|| unreadable("event kind"))?,
            state: EventState::parse(&sum.state).ok_or_else(|| unreadable("event state"))?,
            events: unsigned(sum.events),
            cents: sum.cents,
        });
    }
    Ok(inbox)
}

/// Live is what was not superseded. A posted event has live rows, all of them in posted journals; one
/// that posts nothing has none.
/// Of one document only the batches are read in which its events have their rows.
pub async fn events_without_their_rows(
    book: &PostgresBook,
    of: Option<DocumentId>,
    limit: usize,
) -> Result<Vec<InboxEntry>, Failure> {
    let found = sqlx::query_scalar!(
        r#"select inbox.event as "event!"
         from inbox
         left join (
           select r.event, count(*) as live,
             count(*) filter (where journal.state = 'posted') as posted,
             count(*) filter (where r.reverses is null) as made,
             count(*) filter (where r.reverses is not null) as undone
           from row r
           left join row_superseded
             on row_superseded.tenant = $1
             and row_superseded.batch = r.batch
             and row_superseded.numbers @> r.number
           left join member
             on member.tenant = $1
             and member.batch = r.batch
             and member.live
             and member.numbers @> r.number
           left join journal
             on journal.tenant = $1
             and journal.key = member.journal
           where r.tenant = $1
             and row_superseded.batch is null
             and (
               $3::uuid is null
               or r.batch = any(array(
                 select unnest(own.batches)
                 from inbox_batch as own
                 where own.tenant = $1
                   and own.document = $3
               ))
             )
           group by r.event
         ) as standing
           on standing.event = inbox.event
         where inbox.tenant = $1
           and ($3::uuid is null or inbox.document = $3)
           and (
             (
               inbox.state = 'posted'
               and (standing.live is null or standing.posted < standing.live)
             ) or (
               inbox.state in ('noted', 'excluded', 'rejected')
               and standing.made <> standing.undone
             )
           )
         order by inbox.document, inbox.ordinal
         limit $2"#,
        book.tenant(),
        limit_of(limit),
        of.map(|id| id.0),
    )
    .fetch_all(&book.pool)
    .await
    .map_err(failure)?;
    let found: Vec<EventId> = found.into_iter().map(EventId).collect();
    inbox::entries(book, &found).await
}

pub async fn journals(
    book: &PostgresBook,
    after: Option<&JournalKey>,
    limit: usize,
) -> Result<Vec<JournalSum>, Failure> {
    let sums = sqlx::query!(
        r#"with page as (
           select key, document
           from journal
           where tenant = $1
             and state = 'posted'
             and ($2::text is null or key > $2)
           order by key
           limit $3
         )
         select page.key, page.document, membership.members as "members!",
           membership.rows as "rows!", membership.total as "rows_total!", body.total as "lines_total!"
         from page
         cross join lateral (
           select coalesce(sum(rows_in(member.numbers)), 0)::bigint as members,
             coalesce(sum(held.rows), 0)::bigint as rows,
             coalesce(sum(held.total), 0)::bigint as total
           from member
           cross join lateral (
             select count(*) as rows, sum(amount) as total
             from row
             where row.tenant = $1
               and row.batch = member.batch
               and row.recorded_on = member.recorded_on
               and member.numbers @> row.number
           ) as held
           where member.tenant = $1
             and member.journal = page.key
             and member.live
         ) as membership
         cross join lateral (
           select coalesce(sum(debit), 0)::bigint as total
           from journal_line
           where journal_line.tenant = $1
             and journal_line.journal = page.key
         ) as body
         order by page.key"#,
        book.tenant(),
        after.map(JournalKey::as_str),
        limit_of(limit),
    )
    .fetch_all(&book.pool)
    .await
    .map_err(failure)?;
    let sums = sums.into_iter().map(|sum| JournalSum {
        key: JournalKey(Code::from(sum.key)),
        document: Code::from(sum.document.unwrap_or_default()),
        members: unsigned(sum.members),
        rows: unsigned(sum.rows),
        rows_total: sum.rows_total,
        lines_total: sum.lines_total,
    });
    Ok(sums.collect())
}

pub async fn posted_by_role(book: &PostgresBook) -> Result<Vec<(Code, Role, Minor)>, Failure> {
    let sums = sqlx::query!(
        r#"select posted.entity as "entity!", side.role as "role!", sum(side.amount)::bigint as "net!"
         from (
           select r.*
           from journal
           join member
             on member.tenant = $1
             and member.journal = journal.key
             and member.live
           cross join lateral (
             select *
             from row
             where row.tenant = $1
               and row.batch = member.batch
               and row.recorded_on = member.recorded_on
               and member.numbers @> row.number
             offset 0
           ) as r
           where journal.tenant = $1
             and journal.state = 'posted'
         ) as posted
         cross join lateral (
           values (posted.debit_role, posted.amount), (posted.credit_role, - posted.amount)
         ) as side (role, amount)
         group by posted.entity, side.role
         order by posted.entity, side.role"#,
        book.tenant(),
    )
    .fetch_all(&book.pool)
    .await
    .map_err(failure)?;
    let mut by_role = Vec::with_capacity(sums.len());
    for sum in sums {
        by_role.push((Code::from(sum.entity), role_of(&sum.role)?, sum.net));
    }
    Ok(by_role)
}

pub async fn posted_on_clearing(book: &PostgresBook) -> Result<Vec<(Purpose, Minor)>, Failure> {
    let sums = sqlx::query!(
        r#"select posted.purpose as "purpose!", sum(side.amount)::bigint as "net!"
         from (
           select r.*
           from journal
           join member
             on member.tenant = $1
             and member.journal = journal.key
             and member.live
           cross join lateral (
             select *
             from row
             where row.tenant = $1
               and row.batch = member.batch
               and row.recorded_on = member.recorded_on
               and member.numbers @> row.number
             offset 0
           ) as r
           where journal.tenant = $1
             and journal.state = 'posted'
         ) as posted
         cross join lateral (
           values (posted.debit_role, posted.amount), (posted.credit_role, - posted.amount)
         ) as side (role, amount)
         where side.role = $2
         group by posted.purpose
         order by posted.purpose"#,
        book.tenant(),
        Role::Clearing.code(),
    )
    .fetch_all(&book.pool)
    .await
    .map_err(failure)?;
    let mut by_purpose = Vec::with_capacity(sums.len());
    for sum in sums {
        by_purpose.push((purpose_of(sum.purpose)?, sum.net));
    }
    Ok(by_purpose)
}

pub async fn posted_by_dimension(
    book: &PostgresBook,
) -> Result<Vec<(Code, Code, Code, Role, Minor)>, Failure> {
    let sums = sqlx::query!(
        r#"select posted.entity as "entity!", side.facility as "facility!", side.payer as "payer!",
           side.role as "role!", sum(side.amount)::bigint as "net!"
         from (
           select r.*
           from journal
           join member
             on member.tenant = $1
             and member.journal = journal.key
             and member.live
           cross join lateral (
             select *
             from row
             where row.tenant = $1
               and row.batch = member.batch
               and row.recorded_on = member.recorded_on
               and member.numbers @> row.number
             offset 0
           ) as r
           where journal.tenant = $1
             and journal.state = 'posted'
         ) as posted
         cross join lateral (
           values
             (posted.debit_role, posted.debit_facility, posted.debit_payer, posted.amount),
             (posted.credit_role, posted.credit_facility, posted.credit_payer, - posted.amount)
         ) as side (role, facility, payer, amount)
         group by posted.entity, side.facility, side.payer, side.role
         order by posted.entity, side.facility, side.payer, side.role"#,
        book.tenant(),
    )
    .fetch_all(&book.pool)
    .await
    .map_err(failure)?;
    let mut by_dimension = Vec::with_capacity(sums.len());
    for sum in sums {
        let (entity, facility, payer) =
            (Code::from(sum.entity), Code::from(sum.facility), Code::from(sum.payer));
        by_dimension.push((entity, facility, payer, role_of(&sum.role)?, sum.net));
    }
    Ok(by_dimension)
}

pub async fn waiting(book: &PostgresBook) -> Result<Vec<(Code, u64, u64)>, Failure> {
    let lanes = sqlx::query!(
        r#"select lane, count(*) filter (where due <= clock_timestamp()) as "due!",
           count(*) filter (where due > clock_timestamp()) as "later!"
         from unit
         where tenant = $1
         group by lane
         order by lane"#,
        book.tenant(),
    )
    .fetch_all(&book.pool)
    .await
    .map_err(failure)?;
    let lanes = lanes.into_iter();
    Ok(lanes.map(|row| (Code::from(row.lane), unsigned(row.due), unsigned(row.later))).collect())
}
