//! What is understood, verb by verb, in both languages.

use super::check;

#[test]
fn units_are_sent() {
    check(
        r#"
        d e14 231                     => send unit:"E14" incident:231
        D E14 M7 #231                 => send unit:"E14" unit:"M7" incident:231
        231 d e14                     => send unit:"E14" incident:231
        send e14, m7 to 231           => send unit:"E14" unit:"M7" incident:231
        dispatch E-14 and M-07 to incident 231.  => send unit:"E14" unit:"M7" incident:231
        dis e 14 231                  => send unit:"E14" incident:231
        sending E014 231              => send unit:"E14" incident:231
        /d e14 231                    => send unit:"E14" incident:231
        Ｄ　Ｅ１４　２３１            => send unit:"E14" incident:231
        派E14到231                    => send unit:"E14" incident:231
        派警 E14、M7 至 231           => send unit:"E14" unit:"M7" incident:231
        派城关1号到231。              => send unit:"城关1号" incident:231
        派 城关 01 号 231             => send unit:"城关1号" incident:231
        派云梯2去警情231              => send unit:"云梯 2" incident:231
        d rescue 1 231                => send unit:"Rescue 1" incident:231
        231派E14                      => send unit:"E14" incident:231
        d 77 231                      => send unit:"77" incident:231
        d unit:E14 incident:231       => send unit:"E14" incident:231
        派 力量：E14 警情：231        => send unit:"E14" incident:231
        d e14 e14 231                 => send unit:"E14" incident:231
        d e14                         =?> send unit:"E14" incident:241
        d 240                         =?> send unit:"E14" unit:"M7" incident:240
        d e14 32                      =?> send unit:"E14" incident:232
        d rescue 2 231                =?> send unit:"Rescue 1" incident:231
        selected incident 240
        d e14                         => send unit:"E14" incident:240
        d e14 .                       => send unit:"E14" incident:240
        派E14。                       => send unit:"E14" incident:240
        d                             =?> send unit:"E14" unit:"M7" incident:240
        d e14 231                     => send unit:"E14" incident:231
        selected unit M7
        d . 231                       => send unit:"M7" incident:231
        "#,
    );
}

#[test]
fn crews_go_from_step_to_step() {
    check(
        r#"
        a e12                         => acknowledge unit:"E12"
        ack e12                       => acknowledge unit:"E12"
        e12 a                         => acknowledge unit:"E12"
        ack e12 231                   => acknowledge unit:"E12"
        接收E12                       => acknowledge unit:"E12"
        E12收到                       => acknowledge unit:"E12"
        en e12                        => en route unit:"E12"
        en route e12                  => en route unit:"E12"
        e12 enroute                   => en route unit:"E12"
        departed e12                  => en route unit:"E12"
        E12 出发                      => en route unit:"E12"
        E12、T3到达                   => on scene unit:"E12" unit:"T3"
        os t3                         => on scene unit:"T3"
        on scene t3                   => on scene unit:"T3"
        t3 arrived                    =!> Verb: "t3" is no action.
        t3 on scene                   => on scene unit:"T3"
        arriving t3                   => on scene unit:"T3"
        T3到场                        => on scene unit:"T3"
        os 228 t3                     => on scene unit:"T3"
        cu e9                         => clear unit:"E9"
        cu e9 patient taken to hospital  => clear unit:"E9" reason:"patient taken to hospital"
        clear up e9 232 nothing found  => clear unit:"E9" reason:"nothing found"
        E9处置完毕：已送医            => clear unit:"E9" reason:"已送医"
        结束 E9 已送医院              => clear unit:"E9" reason:"已送医院"
        cu 232                        => clear unit:"E9"
        a 231                         => acknowledge unit:"E12"
        en 231                        => en route unit:"E12"
        os 231                        =?> on scene unit:"E12" unit:"T3"
        rs e12                        => resend unit:"E12"
        重发 E12                      => resend unit:"E12"
        av e9                         =?> clear unit:"E9"
        selected unit T3
        os                            => on scene unit:"T3"
        到达                          => on scene unit:"T3"
        selected incident 232
        cu                            => clear unit:"E9"
        cu all well                   => clear unit:"E9" reason:"all well"
        "#,
    );
}

#[test]
fn units_are_called_off_swapped_and_reassigned() {
    check(
        r#"
        x e12                         => call off unit:"E12" reason:"no reason given 未说明原因"
        x e12 not needed              => call off unit:"E12" reason:"not needed"
        x e12 t3 false alarm          => call off unit:"E12" unit:"T3" reason:"false alarm"
        off e12                       => call off unit:"E12" reason:"no reason given 未说明原因"
        cancel e12 not needed         => call off unit:"E12" reason:"not needed"
        call off e12 and t3 : dup     => call off unit:"E12" unit:"T3" reason:"dup"
        撤回E12 误报                  => call off unit:"E12" reason:"误报"
        取消派警 E12，误报            => call off unit:"E12" reason:"误报"
        取消 E12                      => call off unit:"E12" reason:"no reason given 未说明原因"
        E12 撤回                      => call off unit:"E12" reason:"no reason given 未说明原因"
        x 232                         => call off unit:"E9" reason:"no reason given 未说明原因"
        x 231                         =?> call off unit:"E12" unit:"T3" reason:"no reason given 未说明原因"
        x e12 reason:"quote \"it\""  => call off unit:"E12" reason:"quote \"it\""
        off e14                       =?> off duty unit:"E14"
        cancel 240 false alarm        =?> cancel incident incident:240 reason:"false alarm"
        取消 240 误报                 =?> cancel incident incident:240 reason:"误报"
        sw e12 by e14                 => swap unit:"E12" by:"E14"
        sw e12 e14                    => swap unit:"E12" by:"E14"
        swap e14 for e12              => swap unit:"E12" by:"E14"
        E12 换 E14                    => swap unit:"E12" by:"E14"
        换E12为E14                    => swap unit:"E12" by:"E14"
        用E14换E12                    => swap unit:"E12" by:"E14"
        把E12换成E14                  => swap unit:"E12" by:"E14"
        换派 由 E14 E12               => swap unit:"E12" by:"E14"
        sw e14 e12                    =?> swap unit:"E12" by:"E14"
        ra e12 to 240                 => reassign unit:"E12" incident:240
        move e12 240                  => reassign unit:"E12" incident:240
        改派E12到240                  => reassign unit:"E12" incident:240
        E12改派240                    => reassign unit:"E12" incident:240
        selected unit E12
        sw by e14                     => swap unit:"E12" by:"E14"
        ra 240                        => reassign unit:"E12" incident:240
        x                             => call off unit:"E12" reason:"no reason given 未说明原因"
        "#,
    );
}

#[test]
fn incidents_are_graded_raised_written_about_and_ended() {
    check(
        r#"
        al 231                        => alarm incident:231 level:2
        al 231 2                      => alarm incident:231 level:2
        al 231 3                      =?> alarm incident:231 level:3
        alarm second 231              => alarm incident:231 level:2
        231 升级                      => alarm incident:231 level:2
        升级 231 二级                 => alarm incident:231 level:2
        al level:2 incident:231       => alarm incident:231 level:2
        n 231 hydrant frozen          => note incident:231 note:"hydrant frozen"
        n #231 3 hurt                 => note incident:231 note:"3 hurt"
        note: 231 gas is off          => note incident:231 note:"gas is off"
        备注 231 水压不足，需供水车   => note incident:231 note:"水压不足，需供水车"
        备注：231 门锁着              => note incident:231 note:"门锁着"
        cl 241 false alarm            => close incident:241 reason:"false alarm"
        closed 241: resolved          => close incident:241 reason:"resolved"
        cl incident:241 disposition:"all out"  => close incident:241 reason:"all out"
        241结案 误报                  => close incident:241 reason:"误报"
        cl 231 fire out               =?> close incident:231 reason:"fire out"
        cx 241 duplicate              => cancel incident incident:241 reason:"duplicate"
        cancel incident 241 duplicate  => cancel incident incident:241 reason:"duplicate"
        取消警情241 误报              => cancel incident incident:241 reason:"误报"
        ro 229 flared up              => reopen incident:229 reason:"flared up"
        恢复 229 复燃                 => reopen incident:229 reason:"复燃"
        g 231 p2                      => grade incident:231 priority:2
        g 231 p2 structure fire       => grade incident:231 category:structure_fire priority:2
        g p2 gas_leak 231             => grade incident:231 category:gas_leak priority:2
        grade 231 outside-fire        => grade incident:231 category:outside_fire
        定级231 建筑火灾 1级          => grade incident:231 category:structure_fire priority:1
        定级 231 二级                 => grade incident:231 priority:2
        g 231 struct                  =?> grade incident:231 category:structure_fire
        定级 231 燃气                 =?> grade incident:231 category:gas_leak
        g 231 category:flood          => grade incident:231 category:flood
        g 231 类别：水灾 级别：3      => grade incident:231 category:flood priority:3
        mv 231 @ 5th & main           => relocate incident:231 at:"30.000000, 120.500000, 5th & Main"
        mv 231 5th/main               => relocate incident:231 at:"30.000000, 120.500000, 5th & Main"
        mv 231 30.001,120.58          => relocate incident:231 at:"30.001000, 120.580000"
        mv 231 30.001 120.58 the mill => relocate incident:231 at:"30.001000, 120.580000, the mill"
        mv 231 at:"5th & main"        => relocate incident:231 at:"30.000000, 120.500000, 5th & Main"
        改址231在解放路人民路         => relocate incident:231 at:"30.000000, 120.500000, 解放路 / 人民路"
        mv 231 main                   =?> relocate incident:231 at:"30.000000, 120.500000, Main Street"
        mg 240 into 231               => merge incident:240 incident:231
        merging 240 231               => merge incident:240 incident:231
        合并240到231                  => merge incident:240 incident:231
        um 228                        => unmerge incident:228
        撤销合并 228                  => unmerge incident:228
        lk 231 240                    => link incident:231 incident:240
        关联231和240                  => link incident:231 incident:240
        selected incident 240
        al                            => alarm incident:240 level:2
        al 2                          => alarm incident:240 level:2
        n smoke from the north        => note incident:240 note:"smoke from the north"
        n 3 people trapped            =?> note incident:3 note:"people trapped"
        n 300 people trapped          => note incident:240 note:"300 people trapped"
        n at: noon all quiet          => note incident:240 note:"at: noon all quiet"
        n the door is locked          => note incident:240 note:"the door is locked"
        n 231 hydrant                 =?> note incident:231 note:"hydrant"
        n #231 hydrant                => note incident:231 note:"hydrant"
        cl small fire put out         => close incident:240 reason:"small fire put out"
        g p1                          => grade incident:240 priority:1
        mg 231                        =?> merge incident:240 incident:231
        lk 231                        => link incident:240 incident:231
        selected unit E12
        n crew reports smoke          =?> note incident:231 note:"crew reports smoke"
        "#,
    );
}

#[test]
fn calls_and_incidents_are_begun() {
    check(
        r#"
        i structure fire @ 5th & main p1        => open category:structure_fire priority:1 at:"30.000000, 120.500000, 5th & Main"
        i p1 structure_fire @5th/main           => open category:structure_fire priority:1 at:"30.000000, 120.500000, 5th & Main"
        open medical 30.001,120.58 p2           => open category:medical priority:2 at:"30.001000, 120.580000"
        new gas leak at 5th & main p2           => open category:gas_leak priority:2 at:"30.000000, 120.500000, 5th & Main"
        i category:flood priority:3 at:"5th & main" area:"B 1"  => open category:flood priority:3 at:"30.000000, 120.500000, 5th & Main" area:"B 1"
        立警 建筑火灾 在 解放路人民路 1级       => open category:structure_fire priority:1 at:"30.000000, 120.500000, 解放路 / 人民路"
        立警 类别：水灾 级别：2 地点：解放路人民路  => open category:flood priority:2 at:"30.000000, 120.500000, 解放路 / 人民路"
        i struct @ 5th & main p1                =?> open category:structure_fire priority:1 at:"30.000000, 120.500000, 5th & Main"
        i medical @ main p1                     =?> open category:medical priority:1 at:"30.000000, 120.500000, Main Street"
        i call:1                                => open call:1
        i call:1 p1                             => open call:1 priority:1
        c                                       => call
        c smoke from the roof, 5th & main       => call note:"smoke from the roof, 5th & main"
        接警 有人说3楼冒烟                      => call note:"有人说3楼冒烟"
        j call:1 231                            => join call:1 incident:231
        j 1 231                                 => join call:1 incident:231
        并入 接警单：1 警情：231                => join call:1 incident:231
        selected call 1
        i                                       => open call:1
        立警 1级                                => open call:1 priority:1
        j 231                                   => join call:1 incident:231
        selected call 1, incident 231
        j                                       => join call:1 incident:231
        "#,
    );
}

#[test]
fn duty_looking_undo_and_help() {
    check(
        r#"
        av e7                         => available unit:"E7"
        on e7                         => available unit:"E7"
        on duty e7 e8                 => available unit:"E7" unit:"E8"
        E7 待命                       => available unit:"E7"
        上班 E7                       => available unit:"E7"
        oos e14 flat tyre             => out of service unit:"E14" reason:"flat tyre"
        out of service e14: pump      => out of service unit:"E14" reason:"pump"
        停用E14 爆胎                  => out of service unit:"E14" reason:"爆胎"
        off duty e14                  => off duty unit:"E14"
        od e14                        => off duty unit:"E14"
        E14 下班                      => off duty unit:"E14"
        od e14 m7 77 e5               =?> off duty unit:"E14" unit:"M7" unit:"77" unit:"E5"
        rest e14 30                   => rest unit:"E14" minutes:30
        rest e14 for 30 min           => rest unit:"E14" minutes:30
        rest 45m e14                  => rest unit:"E14" minutes:45
        休整 E14 30分钟               => rest unit:"E14" minutes:30
        s e12                         => status unit:"E12"
        s 231                         => status incident:231
        状态 E12                      => status unit:"E12"
        s 77                          => status unit:"77"
        go 231                        => go incident:231
        show e12                      => go unit:"E12"
        go call:1                     => go call:1
        go wall                       => go wall
        看大屏                        => go wall
        查 231                        => go incident:231
        go duty                       => go duty
        u                             => undo
        撤销                          => undo
        ?                             => help
        帮助                          => help
        ? swap                        => help swap
        help on scene                 => help on scene
        帮助 换派                     => help swap
        selected incident 231
        s                             => status incident:231
        go                            => go incident:231
        "#,
    );
}

#[test]
fn free_units_wait_at_a_station() {
    check(
        r#"
        mu e14 n1                     => move up unit:"E14" station:"N1"
        mu e14 to n1                  => move up unit:"E14" station:"N1"
        mu e14, e9 to north dock      => move up unit:"E14" unit:"E9" station:"N2"
        move up e14 to north fire station.  => move up unit:"E14" station:"N1"
        e14 move up N-01              => move up unit:"E14" station:"N1"
        wait e14 at north dock        => move up unit:"E14" station:"N2"
        e14 wait at n2                => move up unit:"E14" station:"N2"
        前移E14到城北                 => move up unit:"E14" station:"城北"
        前移 E14、M7 至 城北消防站    => move up unit:"E14" unit:"M7" station:"城北"
        E14前移城北待命               => move up unit:"E14" station:"城北"
        前移城关1号到和平待命         => move up unit:"城关1号" station:"和平"
        前移 力量：E14 站点：城北     => move up unit:"E14" station:"城北"
        mu rescue 1 station:n2        => move up unit:"Rescue 1" station:"N2"
        mu 77 和平路站                => move up unit:"77" station:"和平"
        mu m7 m7                      =?> move up unit:"M7" station:"M7"
        mu e14 mill                   => move up unit:"E14" station:"M7"
        mu e14 station:M7             => move up unit:"E14" station:"M7"
        mu e14 north d                =?> move up unit:"E14" station:"N2"
        前移E14到和平路               =?> move up unit:"E14" station:"和平"
        mu e14 north dokc             =!> Several: "north" could be any of these stations: N1 North Fire Station, N2 North Dock.
        mu e14 mlil                   =!> NoSuch: There is no station "mlil".
        mu e14 noth dock              =?> move up unit:"E14" station:"N2"
        mu e13 n1                     =!> Several: e13 could be any of these: E12, E14.
        move e14 to n1                => move up unit:"E14" station:"N1"
        move e14 north dock           => move up unit:"E14" station:"N2"
        move e12 240                  => reassign unit:"E12" incident:240
        selected unit E14
        mu n1                         => move up unit:"E14" station:"N1"
        前移城北                      => move up unit:"E14" station:"城北"
        mu . n1                       => move up unit:"E14" station:"N1"
        "#,
    );
}
