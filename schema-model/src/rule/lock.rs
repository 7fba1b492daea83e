// SPDX-License-Identifier: Apache-2.0

//! [`LockRule`]: the rules for the lock of a schema history.

use super::declaration::rules;

rules! {
    /// A rule that the lock of a schema history, or a definition compared with it, can break.
    LockRule
    LockMissing "KT1401" "lock-missing"
        "without the released versions, a change that breaks them is not detected"
    LockUnreadable "KT1402" "lock-unreadable"
        "a lock that cannot be read cannot be compared with the definitions"
    LockFormat "KT1403" "lock-format"
        "a lock in another format can contain facts that this version would ignore"
    LockSyntax "KT1404" "lock-syntax"
        "a line that is not understood could be a version that is not compared"
    LockConflict "KT1405" "lock-conflict"
        "two branches locked different versions, and only one of them was released"
    LockEdited "KT1406" "lock-edited"
        "released versions do not change, so their hashes must match"
    LockInvalidVersion "KT1407" "lock-invalid-version"
        "each locked version is a valid definition"
    LockTooLarge "KT1408" "lock-too-large"
        "a build must not run out of memory on a file that is not a lock"
    LockSetting "KT1409" "lock-setting"
        "a misspelt setting would otherwise be ignored silently"
    NotLocked "KT1411" "not-locked"
        "a definition that is not in the lock is not protected against later changes"
    VersionNotRaised "KT1412" "version-not-raised"
        "each version of a table has one content, which servers and files refer to"
    VersionRaisedWithoutChange "KT1413" "version-raised-without-change"
        "a version without a change makes servers reload a table for nothing"
    VersionNotNext "KT1414" "version-not-next"
        "versions are numbered without gaps, so that none is missing from the history"
    TableClaimedTwice "KT1415" "table-claimed-twice"
        "the history of a table continues in one definition"
    EarlierNameUnknown "KT1416" "earlier-name-unknown"
        "a misspelt earlier name would hide that the table was renamed"
    HistoryReplaced "KT1417" "history-replaced"
        "released versions stay in the lock, because files and clients of these versions exist"
    LockOfOtherProject "KT1418" "lock-of-other-project"
        "definitions can only be compared with earlier versions of the same tables"
    AcceptInvalid "KT1421" "accept-invalid"
        "an entry names the change that it accepts, a reason and an expiry"
    AcceptUnused "KT1422" "accept-unused"
        "an unused entry would accept a later change that nobody reviewed"
    AcceptExpired "KT1423" "accept-expired"
        "an entry is for one release, and not for changes in later ones"
    YankedUnknown "KT1424" "yanked-unknown"
        "a yanked version is one of the lock, and a misspelt one would be ignored silently"
    YankedInvalid "KT1425" "yanked-invalid"
        "an entry about a withdrawn version names the version and the reason"
}
