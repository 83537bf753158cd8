package storetest

import (
	"context"

	"github.com/cloudbase-community/tcbauth"
)

// tester tests one thing of an empty store.
type tester func(ctx context.Context, b *bench, store tcbauth.TokenStore)

// part is one of the tests of a number.
type part struct {
	name string
	test tester
}

type number struct {
	name  string // that of the subtest: the number and its title
	parts []part
}

type group struct {
	name    string
	numbers []number
}

// contract has the tests of what tcbauth relies on. The numbers are those of the doc comments of the interfaces.
var contract = []group{
	{"TokenStore", []number{
		{"1_LastWrite", []part{
			{"RoundTrip", testRoundTrip}, {"AnotherStore", testAnotherStore}, {"OthersUpdates", testOthersUpdates},
			{"AnotherProcess", testAnotherProcess},
		}},
		{"2_NotFound", []part{
			{"NothingStored", testNothingStored}, {"EndedContext", testNotFoundEndedContext}, {"BrokenPlace", testBrokenPlace},
		}},
		{"3_AnyValue", []part{{"Values", testValues}, {"Lengths", testLengths}, {"HugeValue", testHugeValue}}},
		{"4_AnyKey", []part{{"Keys", testKeys}}},
		{"5_Copies", []part{{"Copies", testCopies}, {"OneBuffer", testOneBuffer}}},
		{"6_WholeValues", []part{{"Readers", testWholeValues}, {"KilledWriter", testKilledWriter}}},
		{"7_Delete", []part{{"Delete", testDelete}}},
		{"8_TimeToLive", []part{{"Accepted", testTTL}, {"KeptSoLong", testKeptSoLong}, {"ForEver", testForEver}}},
		{"9_Contexts", []part{{"Ended", testDoneContext}}},
		{"10_IndependentKeys", []part{{"LockedKey", locking(testLockedKey)}, {"HangingKey", testHangingKey}}},
		{"11_ConcurrentUse", []part{{"ManyKeys", testManyKeys}}},
		{"12_Discretion", []part{
			{"RefusedCalls", testDiscreetRefusals}, {"BrokenPlace", testDiscreetBreak}, {"LostLock", locking(testDiscreetLoss)},
		}},
	}},
	{"Locker", []number{
		{"1_Exclusion", []part{
			{"Excludes", locking(testExcludes)}, {"Counter", locking(testCounter)}, {"OtherKeys", locking(testOtherKeys)},
			{"AnotherStore", locking(testExcludesAnotherStore)}, {"CounterOfTwoStores", locking(testCounterOfTwoStores)},
		}},
		{"2_Waiting", []part{
			{"EndedContext", locking(testLockDoneContext)}, {"WaitEndsWithContext", locking(testWaitEndsWithContext)},
			{"WaiterGetsIt", locking(testWaiterGetsIt)}, {"WaiterOfAnotherStore", locking(testWaiterOfAnotherStore)},
		}},
		{"3_Releasing", []part{
			{"UnlockTwice", locking(testUnlockTwice)}, {"UnlockAfterContext", locking(testUnlockAfterContext)},
			{"StaysGivenUp", locking(testStaysGivenUp)},
		}},
		{"4_Held", []part{{"Held", locking(testHeld)}, {"Nested", locking(testNestedLocks)}}},
		{"5_Renewal", []part{{"Lasts", locking(testLockLasts)}}},
		{"6_Death", []part{{"Killed", locking(testHolderKilled)}}},
		{"7_LostLock", []part{{"Late", locking(testLostLock)}, {"LateUnlock", locking(testLateUnlock)}}},
		{"8_BesideValues", []part{{"ValuesBesideLocks", locking(testValuesBesideLocks)}}},
		{"9_NoSecondConnection", []part{{"ManyHolders", locking(testManyHolders)}}},
	}},
	{"StringGetter", []number{
		{"GetString", []part{{"LikeGet", testGetString}}},
	}},
	{"Reserver", []number{
		{"Reserve", []part{
			{"Used", reserving(testReserve)}, {"UnusedIsGivenBack", reserving(testUnusedIsGivenBack)},
			{"EndedContext", reserving(testReserveDoneContext)},
		}},
	}},
	{"Interruptible", []number{
		{"EndsWithContext", []part{
			{"AtAnyMoment", interrupting(testEndsAtAnyMoment)}, {"Hanging", interrupting(testEndsWhileHanging)},
			{"LateWrite", interrupting(testNoLateWrite)},
		}},
	}},
}
